/**
 * A disk in memory that can lose power, fail, and take less than it was given: what the journal must survive, from a seed.
 *
 * Content that was synced survives a cut. Of what was not, each 512-byte sector may be there, as it was before, or in between; names
 * that were made, changed or removed since the last sync of the directory may or may not be.
 */
import type { Disk, DiskFile } from "@sluice/broker/journal";
import { Fault, type Random } from "@sluice/runtime";
import { type DiskCall, type DiskFailure, type DiskOperation, systemError } from "./simulated-call.ts";
import { type ContentChange, Inode } from "./simulated-inode.ts";

/** A change of names, not yet on the disk. */
type NameChange =
  | { readonly kind: "add"; readonly name: string; readonly inode: Inode }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "rename"; readonly from: string; readonly to: string };

export class SimulatedDisk implements Disk {
  readonly #random: Random;
  #names = new Map<string, Inode>();
  #syncedNames = new Map<string, Inode>();
  #nameChanges: NameChange[] = [];
  #calls = 0;
  #locked = false;
  #dead = false;

  /** Called at each call, before it has an effect; what it returns is what goes wrong. */
  onCall: (call: DiskCall) => DiskFailure | undefined = () => undefined;

  /** Bytes that all files together can have: a write takes what still fits, and fails with `ENOSPC` when nothing does. */
  capacityBytes = Number.POSITIVE_INFINITY;

  constructor(random: Random) {
    this.#random = random;
  }

  /** How many calls there were. */
  get calls(): number {
    return this.#calls;
  }

  /**
   * The power goes: this disk answers no call any more, not even those under way, and the one returned holds what a
   * process finds that starts afterwards.
   */
  crash(): SimulatedDisk {
    this.#dead = true;
    return this.imageAfterCut();
  }

  /** A disk as `crash` would leave it now; this one goes on. Each call draws another outcome. */
  imageAfterCut(): SimulatedDisk {
    const image = new SimulatedDisk(this.#random);
    image.capacityBytes = this.capacityBytes;
    const names = new Map(this.#syncedNames);
    for (const change of this.#nameChanges) {
      if (this.#random.unit() < 0.5) applyChange(names, change);
    }
    for (const [name, inode] of names) image.#names.set(name, inode.afterCut(this.#random));
    image.#syncedNames = new Map(image.#names);
    return image;
  }

  /** A copy of this disk: what a process finds that starts after the other one was killed, the machine having gone on. */
  imageAfterKill(): SimulatedDisk {
    const image = new SimulatedDisk(this.#random);
    image.capacityBytes = this.capacityBytes;
    const copies = new Map<Inode, Inode>();
    const copyOf = (inode: Inode): Inode => {
      const copy = copies.get(inode) ?? inode.copy();
      copies.set(inode, copy);
      return copy;
    };
    for (const [name, inode] of this.#names) image.#names.set(name, copyOf(inode));
    for (const [name, inode] of this.#syncedNames) image.#syncedNames.set(name, copyOf(inode));
    image.#nameChanges = this.#nameChanges.map((change) =>
      change.kind === "add" ? { ...change, inode: copyOf(change.inode) } : change,
    );
    return image;
  }

  /** The bytes of a file as a process sees them; undefined when there is none. To look at, or to damage by `setContent`. */
  content(name: string): Uint8Array | undefined {
    return this.#names.get(name)?.bytes();
  }

  /** Replaces a file, durably, or makes it. */
  setContent(name: string, bytes: Uint8Array): void {
    const inode = new Inode(bytes);
    this.#names.set(name, inode);
    this.#syncedNames.set(name, inode);
  }

  fileNames(): readonly string[] {
    return [...this.#names.keys()].sort();
  }

  list(): Promise<readonly string[]> {
    return this.#run("list", "", () => this.fileNames());
  }

  create(name: string): Promise<DiskFile> {
    return this.#run("create", name, () => {
      if (this.#names.has(name)) throw systemError("EEXIST", "open", name);
      const inode = new Inode(new Uint8Array(0));
      this.#change({ kind: "add", name, inode });
      return this.#file(name, inode);
    });
  }

  open(name: string): Promise<DiskFile> {
    return this.#run("open", name, () => this.#file(name, this.#inode(name)));
  }

  remove(name: string): Promise<void> {
    return this.#run("remove", name, () => {
      this.#inode(name);
      this.#change({ kind: "remove", name });
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#run("rename", from, () => {
      this.#inode(from);
      this.#change({ kind: "rename", from, to });
    });
  }

  async syncDirectory(): Promise<void> {
    let pending = 0;
    const begin = (): void => {
      pending = this.#nameChanges.length;
    };
    await this.#run("sync-directory", "", begin, () => {
      for (const change of this.#nameChanges.splice(0, pending)) applyChange(this.#syncedNames, change);
    });
  }

  async lock(): Promise<AsyncDisposable> {
    if (this.#locked) throw new Fault("directory-in-use", "The simulated disk is in use by this process.");
    this.#locked = true;
    return {
      [Symbol.asyncDispose]: async () => {
        this.#locked = false;
      },
    };
  }

  /**
   * Makes one call: `begin` runs at once, `finish` when the call returns, which it does in a later microtask, or never once the power
   * is gone.
   */
  async #run<Value>(
    operation: DiskOperation,
    name: string,
    begin: (failure: DiskFailure | undefined) => Value,
    finish: () => void = () => undefined,
  ): Promise<Value> {
    if (this.#dead) return never();
    const failure = this.onCall({ number: ++this.#calls, operation, name });
    if (this.#dead) return never();
    if (failure !== undefined && failure !== "short") {
      if (operation === "sync") this.#names.get(name)?.failSync();
      throw systemError(failure, operation, name);
    }
    const value = begin(failure);
    await Promise.resolve();
    if (this.#dead) return never();
    finish();
    return value;
  }

  #file(name: string, inode: Inode): DiskFile {
    const count = (length: number, failure: DiskFailure | undefined): number =>
      failure === "short" && length > 1 ? 1 + Math.floor(this.#random.unit() * (length - 1)) : length;
    const change = (made: ContentChange): void => inode.change(made);
    return {
      write: (bytes, offset) =>
        this.#run("write", name, (failure) => {
          const room = this.#room(inode, offset);
          if (room <= 0 && bytes.length > 0) throw systemError("ENOSPC", "write", name);
          const taken = bytes.slice(0, Math.min(room, count(bytes.length, failure)));
          change({ kind: "write", offset, bytes: taken });
          return taken.length;
        }),
      read: (bytes, offset) =>
        this.#run("read", name, (failure) =>
          inode.read(bytes.subarray(0, count(bytes.length, failure)), offset),
        ),
      sync: async () => {
        let pending = 0;
        const begin = (): void => {
          pending = inode.unsyncedCount;
        };
        await this.#run("sync", name, begin, () => inode.sync(pending));
      },
      truncate: (size) => this.#run("truncate", name, () => change({ kind: "truncate", size })),
      size: () => this.#run("size", name, () => inode.size),
      close: () => this.#run("close", name, () => undefined),
    };
  }

  /** How many bytes can be written to a file at `offset`. */
  #room(inode: Inode, offset: number): number {
    if (this.capacityBytes === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    let others = 0;
    for (const other of this.#names.values()) if (other !== inode) others += other.size;
    return Math.max(this.capacityBytes - others, inode.size) - offset;
  }

  #inode(name: string): Inode {
    const inode = this.#names.get(name);
    if (inode === undefined) throw systemError("ENOENT", "open", name);
    return inode;
  }

  #change(change: NameChange): void {
    applyChange(this.#names, change);
    this.#nameChanges.push(change);
  }
}

/** A change of a name that is not there, because an earlier change was lost, does nothing. */
function applyChange(names: Map<string, Inode>, change: NameChange): void {
  if (change.kind === "add") {
    names.set(change.name, change.inode);
    return;
  }
  const name = change.kind === "remove" ? change.name : change.from;
  const inode = names.get(name);
  names.delete(name);
  if (change.kind === "rename" && inode !== undefined) names.set(change.to, inode);
}

function never<Value>(): Promise<Value> {
  return new Promise(() => undefined);
}
