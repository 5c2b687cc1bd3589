/**
 * Message groups (Q8): the messages of one are received one after the other. The current one is in the line, delayed, in flight or parked, like
 * any message; the others wait behind it in the order in which they came, and the next one takes its turn when the current one has left.
 */
import { SlotList } from "./slot-list.ts";
import type { MessageSlots } from "./slots.ts";

export interface MessageGroup {
  readonly id: string;
  /** Its slot; -1 only while the next one takes its turn. */
  current: number;
  readonly behind: SlotList;
}

export class MessageGroups {
  readonly #messages: MessageSlots;
  readonly #byId = new Map<string, MessageGroup>();
  /** As long as the last slot with a group: empty in a queue without any. */
  #bySlot: (MessageGroup | undefined)[] = [];
  /** Messages that wait behind another one. */
  behindCount = 0;
  /** Groups whose current message is parked: whatever is in them waits until somebody decides about it. */
  readonly blocked = new Set<MessageGroup>();

  constructor(messages: MessageSlots) {
    this.#messages = messages;
  }

  /** Groups that have messages. */
  get count(): number {
    return this.#byId.size;
  }

  of(slot: number): MessageGroup | undefined {
    return this.#bySlot[slot];
  }

  [Symbol.iterator](): Iterator<MessageGroup> {
    return this.#byId.values();
  }

  /** The message belongs to the group from now on; it has no place in it yet. */
  join(slot: number, id: string): MessageGroup {
    let group = this.#byId.get(id);
    if (group === undefined) {
      group = { id, current: -1, behind: new SlotList(this.#messages) };
      this.#byId.set(id, group);
    }
    while (this.#bySlot.length < slot) this.#bySlot.push(undefined);
    this.#bySlot[slot] = group;
    return group;
  }

  /** The message has left; a group without messages is forgotten. */
  part(slot: number, group: MessageGroup): void {
    this.#bySlot[slot] = undefined;
    if (this.#messages.used <= 1) this.#bySlot = [];
    if (group.current >= 0 || group.behind.size > 0) return;
    // A message that was set aside may outlive its group, and another group have begun under the id.
    if (this.#byId.get(group.id) === group) this.#byId.delete(group.id);
  }

  pushBehind(group: MessageGroup, slot: number): void {
    group.behind.push(slot);
    this.behindCount++;
  }

  takeBehind(group: MessageGroup, slot: number): void {
    group.behind.remove(slot);
    this.behindCount--;
  }
}
