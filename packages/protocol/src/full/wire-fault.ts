/** What a decoder answers with when a payload is not what its verb promises. No decoder throws on input. */

export interface WireFault {
  readonly verb: "unreadable";
  /** 0 when the payload is too short to have one. */
  readonly id: number;
  /**
   * - `malformed`: the bytes do not follow the grammar of the verb. The peer is broken or not a peer.
   * - `unknown-verb`: the verb is none that this end knows. The peer may be newer.
   * - `invalid-field`: well-formed, but a value that cannot be: the name or type of an attribute.
   * - `limit-exceeded`: well-formed, but more than a bound of the protocol allows.
   */
  readonly code: "malformed" | "unknown-verb" | "invalid-field" | "limit-exceeded";
  /** For people: what was wrong. */
  readonly sentence: string;
}
