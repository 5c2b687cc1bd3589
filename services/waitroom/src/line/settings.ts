/** The numbers that the rules decide by. What was decided stands in the records, so changing one never changes the past. */

export interface LineSettings {
  /** Capacity of a room that nobody has set one for. */
  readonly capacityDefault: number;
  /** From admission to the end of the checkout token and of the lease on the slot. */
  readonly tokenLifetimeMs: number;
  /** The `kid` of the key that signs new checkout tokens. */
  readonly keyId: string;
  /** Sessions that one decision admits, and that it lets leave, at most; the rest follows in the next, so that a transaction stays small. */
  readonly batchMax: number;
}

export const lineDefaults = {
  capacityDefault: 100,
  tokenLifetimeMs: 15 * 60 * 1000,
  batchMax: 100,
} as const satisfies Omit<LineSettings, "keyId">;
