/** The sizes that both ends of a framed connection agree on. docs/protocol.md §6 gives the reason for each. */

/** Bytes of the length in front of each payload: an unsigned 32-bit integer, big-endian. */
export const frameHeaderBytes = 4;

/** Longest payload of the classic roles: one message of 1 MiB. */
export const classicFrameBytesMax = 1024 * 1024;

/**
 * No setting raises the limit of a frame above 16 MiB. So every length whose first byte is printable ASCII
 * (0x20 and up, 512 MiB and up) is no length, and a bare role can be told from a frame by its first byte.
 */
export const frameBytesCeiling = 16 * 1024 * 1024;

/** Longest framed role, with its parameters: room for a long token, and little to hold for a peer that is nobody yet. */
export const roleBytesMax = 8 * 1024;
