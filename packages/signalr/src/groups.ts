/** Groups of connections. A message to a group is written once, and its members share the bytes. */
import type { Connection } from "./connection.ts";
import { type HubConnection, HubError } from "./hub-connection.ts";
import { writeInvocation } from "./json-protocol.ts";

type Member = Pick<Connection, "id" | "sendRecord">;

export class HubGroups {
  readonly #liveConnection: (id: string) => Member | undefined;
  readonly #groupsPerConnectionMax: number;
  readonly #members = new Map<string, Set<Member>>();
  readonly #groups = new Map<Member, Set<string>>();

  constructor(liveConnection: (id: string) => Member | undefined, groupsPerConnectionMax: number) {
    this.#liveConnection = liveConnection;
    this.#groupsPerConnectionMax = groupsPerConnectionMax;
  }

  /**
   * Adding a connection twice is the same as once; adding one that has ended does nothing. Throws `HubError` when the connection
   * would be in more groups than `groupsPerConnectionMax`.
   */
  add(connection: Pick<HubConnection, "id">, group: string): void {
    const member = this.#liveConnection(connection.id);
    if (member === undefined) return;
    const groups = this.#groups.get(member) ?? new Set();
    if (groups.has(group)) return;
    if (groups.size >= this.#groupsPerConnectionMax) {
      throw new HubError(`A connection can be in ${this.#groupsPerConnectionMax} groups.`);
    }
    this.#groups.set(member, groups.add(group));
    this.#members.set(group, (this.#members.get(group) ?? new Set()).add(member));
  }

  /** Removing a connection that is not in the group does nothing. */
  remove(connection: Pick<HubConnection, "id">, group: string): void {
    const member = this.#liveConnection(connection.id);
    if (member !== undefined) this.#remove(member, group);
  }

  /** Takes the connection out of all its groups. The hub calls it when a connection ends. */
  removeEverywhere(connection: Pick<HubConnection, "id">): void {
    const member = this.#liveConnection(connection.id);
    if (member === undefined) return;
    for (const group of this.#groups.get(member) ?? []) this.#remove(member, group);
  }

  /** Calls the method `target` of every member. Members that close get nothing; delivery is not confirmed. */
  send(group: string, target: string, ...args: readonly unknown[]): void {
    const members = this.#members.get(group);
    if (members === undefined) return;
    const record = writeInvocation(target, args);
    for (const member of members) member.sendRecord(record);
  }

  /** How many connections are in the group. */
  countOf(group: string): number {
    return this.#members.get(group)?.size ?? 0;
  }

  #remove(member: Member, group: string): void {
    const members = this.#members.get(group);
    members?.delete(member);
    if (members?.size === 0) this.#members.delete(group);
    const groups = this.#groups.get(member);
    groups?.delete(group);
    if (groups?.size === 0) this.#groups.delete(member);
  }
}
