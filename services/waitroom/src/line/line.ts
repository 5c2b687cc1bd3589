/**
 * People in order, with their ranks: joining, leaving from anywhere, asking for a position and finding who is next each cost
 * O(log n), because a sale starts with everybody asking at once.
 *
 * Places are handed out in order of arrival; a Fenwick tree over the places counts who is still there.
 */
import { assert } from "./assert.ts";

/** `place` belongs to the line: 0 while not in it. */
export interface Placed {
  place: number;
}

const smallestCapacity = 16;

export class Line<Member extends Placed> {
  /** By place; index 0 stays empty, as Fenwick trees count from 1. */
  #members: (Member | undefined)[] = [undefined];
  #counts = new Int32Array(smallestCapacity + 1);
  #capacity = smallestCapacity;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Puts `member` behind everybody. */
  append(member: Member): void {
    assert(member.place === 0, "a member stands in line once");
    if (this.#members.length > this.#capacity) this.#rebuild();
    member.place = this.#members.length;
    this.#members.push(member);
    this.#add(member.place, 1);
    this.#size++;
  }

  /** Takes `member` out, wherever it stands. */
  remove(member: Member): void {
    assert(this.#members[member.place] === member, "only who stands in line leaves it");
    this.#members[member.place] = undefined;
    this.#add(member.place, -1);
    this.#size--;
    member.place = 0;
  }

  /** Rank of `member`, from 1. */
  position(member: Member): number {
    assert(this.#members[member.place] === member, "only who stands in line has a position");
    let rank = 0;
    for (let place = member.place; place > 0; place -= place & -place) rank += this.#counts[place] ?? 0;
    return rank;
  }

  /** Who stands at `position`, counted from 1; undefined behind the end. */
  at(position: number): Member | undefined {
    if (position < 1 || position > this.#size) return undefined;
    let place = 0;
    let before = 0;
    for (let step = this.#capacity; step > 0; step >>= 1) {
      const next = place + step;
      const count = this.#counts[next];
      if (count === undefined || before + count >= position) continue;
      place = next;
      before += count;
    }
    return this.#members[place + 1];
  }

  #add(from: number, change: number): void {
    for (let place = from; place <= this.#capacity; place += place & -place) {
      this.#counts[place] = (this.#counts[place] ?? 0) + change;
    }
  }

  /** Closes the gaps and doubles the room for those who are there, which costs O(1) for each arrival on the whole. */
  #rebuild(): void {
    const members: (Member | undefined)[] = [undefined];
    for (const member of this.#members) {
      if (member === undefined) continue;
      member.place = members.length;
      members.push(member);
    }
    this.#capacity = smallestCapacity;
    while (this.#capacity < this.#size * 2) this.#capacity *= 2;
    this.#members = members;
    this.#counts = new Int32Array(this.#capacity + 1);
    for (let place = 1; place <= this.#capacity; place++) {
      const count = (this.#counts[place] ?? 0) + (place < members.length ? 1 : 0);
      this.#counts[place] = count;
      const parent = place + (place & -place);
      if (parent <= this.#capacity) this.#counts[parent] = (this.#counts[parent] ?? 0) + count;
    }
  }
}
