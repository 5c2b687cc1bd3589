/**
 * Who listens to which topic over the full protocol. In one turn of the loop more may be published than a subscriber's buffer holds; one
 * that keeps up must lose nothing by our own order of doing things, so it is served between publishes as well.
 */
export interface Feed {
  pump(): void;
}

/** So many records are a push worth making before the turn of the loop ends. */
const pumpCount = 256;

export class LiveFeeds {
  readonly #topics = new Map<string, Map<Feed, number>>();

  add(topic: string, feed: Feed): void {
    const feeds = this.#topics.get(topic) ?? new Map<Feed, number>();
    this.#topics.set(topic, feeds.set(feed, 0));
  }

  remove(topic: string, feed: Feed): void {
    const feeds = this.#topics.get(topic);
    if (feeds === undefined) return;
    feeds.delete(feed);
    if (feeds.size === 0) this.#topics.delete(topic);
  }

  published(topic: string, count: number): void {
    const feeds = this.#topics.get(topic);
    if (feeds === undefined) return;
    for (const [feed, before] of feeds) {
      const waiting = before + count;
      feeds.set(feed, waiting < pumpCount ? waiting : 0);
      if (waiting >= pumpCount) feed.pump();
    }
  }
}
