/** A disk that knows how many bytes the files take that were opened, made or written through it. */
import type { Disk, DiskFile } from "./disk.ts";

export class MeasuredDisk implements Disk {
  readonly #disk: Disk;
  readonly #sizes = new Map<string, number>();
  #bytes = 0;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Bytes of all files, as far as they were looked at: recovery looks at each. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of the file of that name; 0 for one that was not looked at. */
  bytesOf(name: string): number {
    return this.#sizes.get(name) ?? 0;
  }

  /** The names that were looked at, with the bytes of their files. */
  files(): Iterable<readonly [name: string, bytes: number]> {
    return this.#sizes;
  }

  list(): Promise<readonly string[]> {
    return this.#disk.list();
  }

  async create(name: string): Promise<DiskFile> {
    return this.#measured(name, await this.#disk.create(name));
  }

  async open(name: string): Promise<DiskFile> {
    return this.#measured(name, await this.#disk.open(name));
  }

  async remove(name: string): Promise<void> {
    await this.#disk.remove(name);
    this.#forget(name);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#disk.rename(from, to);
    this.#note(to, this.#sizes.get(from) ?? 0);
    this.#forget(from);
  }

  syncDirectory(): Promise<void> {
    return this.#disk.syncDirectory();
  }

  lock(): Promise<AsyncDisposable> {
    return this.#disk.lock();
  }

  #measured(name: string, file: DiskFile): DiskFile {
    return {
      write: async (bytes, offset) => {
        const count = await file.write(bytes, offset);
        this.#note(name, Math.max(this.#sizes.get(name) ?? 0, offset + count));
        return count;
      },
      read: (bytes, offset) => file.read(bytes, offset),
      sync: () => file.sync(),
      truncate: async (size) => {
        await file.truncate(size);
        this.#note(name, size);
      },
      size: async () => {
        const size = await file.size();
        this.#note(name, size);
        return size;
      },
      close: () => file.close(),
    };
  }

  #note(name: string, size: number): void {
    this.#bytes += size - (this.#sizes.get(name) ?? 0);
    this.#sizes.set(name, size);
  }

  #forget(name: string): void {
    this.#note(name, 0);
    this.#sizes.delete(name);
  }
}
