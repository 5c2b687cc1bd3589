/** What is left of queues and topics that are gone: bodies and files that nobody wants any more, until the journal is told. */
import type { ArchiveFile } from "../journal/archive.ts";
import type { BodyPosition } from "../journal/journal.ts";
import { type QueueState, takeDeadBodies } from "../queue/state.ts";
import { type TopicState, takeDeadBatches, takeDeadFiles } from "../topic/state.ts";

export class Removed {
  #bodies: BodyPosition[] = [];
  #files: ArchiveFile[] = [];

  /** They were emptied before as a rule; where damage took the record that did it, what is still in them goes with them. */
  add(queue: QueueState | undefined, topic: TopicState | undefined): void {
    if (queue !== undefined) {
      this.#bodies = this.#bodies.concat(takeDeadBodies(queue));
      for (const slot of queue.messages) {
        const position = queue.messages.bodyPosition[slot] as number;
        if (position !== 0) this.#bodies.push(position);
      }
    }
    if (topic === undefined) return;
    this.#bodies = this.#bodies.concat(takeDeadBatches(topic));
    this.#files = this.#files.concat(takeDeadFiles(topic));
    for (const { archived, batches } of topic.partitions) {
      for (const { position } of batches) if (position !== 0) this.#bodies.push(position);
      for (const { file } of archived) this.#files.push(file);
    }
  }

  takeBodies(): readonly BodyPosition[] {
    const taken = this.#bodies;
    if (taken.length > 0) this.#bodies = [];
    return taken;
  }

  takeFiles(): readonly ArchiveFile[] {
    const taken = this.#files;
    if (taken.length > 0) this.#files = [];
    return taken;
  }
}
