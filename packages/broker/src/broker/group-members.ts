/** Whom to tell of what happens in a group: the members of this process, and those who wait for their first assignment. */
import { type Refused, refuse } from "../queue/refusals.ts";
import type { JoinGroupRequest, MemberAssignment, Refusal, Result } from "./api.ts";

export type Joined = Result<{ readonly assignment: MemberAssignment }>;

/** One member as it joined. Joining anew makes another one. */
export interface Listener {
  readonly request: JoinGroupRequest;
  /** Those who asked to join and wait for a generation. */
  readonly waiting: ((joined: Joined) => void)[];
}

export class GroupMembers {
  /** By group and member, in the order of joining. */
  readonly #groups = new Map<number, Map<string, Listener>>();

  /** Resolves when the member is in a generation, or will not be. */
  join(group: number, request: JoinGroupRequest): Promise<Joined> {
    let listeners = this.#groups.get(group);
    if (listeners === undefined) {
      listeners = new Map();
      this.#groups.set(group, listeners);
    }
    // Who asked for the same member before and still waits hears the same answer.
    const waiting = listeners.get(request.member)?.waiting ?? [];
    listeners.set(request.member, { request, waiting });
    return new Promise((resolve) => waiting.push(resolve));
  }

  /** The member is gone: it is told nothing more. */
  leave(group: number, member: string): Listener | undefined {
    const listener = this.#groups.get(group)?.get(member);
    this.#groups.get(group)?.delete(member);
    for (const resolve of listener?.waiting.splice(0) ?? []) {
      resolve(
        refuse("unknown-member", `${member} left the group before the generation began that it waited for.`),
      );
    }
    return listener;
  }

  find(group: number, member: string): Listener | undefined {
    return this.#groups.get(group)?.get(member);
  }

  of(group: number): readonly Listener[] {
    return [...(this.#groups.get(group)?.values() ?? [])];
  }

  /** Nobody waits any more. */
  refuseWaiting(refused: Refused<Refusal>): void {
    for (const listeners of this.#groups.values()) {
      for (const { waiting } of listeners.values()) for (const answer of waiting.splice(0)) answer(refused);
    }
  }
}
