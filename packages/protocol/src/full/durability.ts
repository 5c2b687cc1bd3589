/** What an answer rests on, as one byte: the place in this list. */

/**
 * - `synced`: on the server's disk, after the sync of its record.
 * - `replicated`: on enough other machines.
 * - `buffered`: handed to the operating system; a power cut may take it.
 * - `memory`: nowhere else.
 */
export const durabilities = ["synced", "replicated", "buffered", "memory"] as const;

export type WireDurability = (typeof durabilities)[number];

/** What a setting of durability may be, as one byte: the place in this list. Undefined: the server's default. */
export const durabilitySettings = [undefined, "synced", "buffered", "memory"] as const;
export type DurabilitySetting = (typeof durabilitySettings)[number];
