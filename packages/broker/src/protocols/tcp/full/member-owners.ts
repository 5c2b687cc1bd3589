/**
 * Which connection speaks for which member. A client that reconnects joins again under its name before the server has noticed that the old
 * connection is dead; the end of that one must not take the new one's membership with it.
 */

/** A membership, as far as others of its name are concerned. */
export interface Owner {
  /** Another connection has joined under the same name. */
  replaced(): void;
}

export class MemberOwners {
  readonly #owners = new Map<string, Owner>();

  /** From now on `owner` speaks for the member. */
  take(group: string, member: string, owner: Owner): void {
    const key = keyOf(group, member);
    const before = this.#owners.get(key);
    this.#owners.set(key, owner);
    if (before !== undefined && before !== owner) before.replaced();
  }

  /** `owner` speaks for the member no more. Of no effect when it had been replaced. */
  drop(group: string, member: string, owner: Owner): void {
    const key = keyOf(group, member);
    if (this.#owners.get(key) === owner) this.#owners.delete(key);
  }
}

/** Neither name has a space. */
const keyOf = (group: string, member: string): string => `${group} ${member}`;
