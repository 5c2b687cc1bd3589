/** What the broker remembers of a producer, as facts. A fact is in the same append as what it is about: they are true together or not at all. */

/** A run of records with consecutive offsets in one partition of a topic. */
export interface PlacedRun {
  readonly partition: number;
  readonly firstOffset: number;
  readonly count: number;
}

/** What a request was answered with, as far as it cannot be known from the request itself. */
export interface FirstAnswer {
  /** For each queue that the request sent to, in its order: the first sequence. */
  readonly sent: readonly {
    readonly queue: number;
    readonly firstSequence: number;
    readonly count: number;
  }[];
  /** For each publish of the request, in its order: where its records lie. */
  readonly published: readonly (readonly PlacedRun[])[];
}

/** A request of a producer was carried out. */
export interface Answered {
  readonly kind: "answered";
  readonly producer: string;
  readonly sequence: number;
  readonly answer: FirstAnswer;
}

/** What a checkpoint holds of a producer, before its answers. */
export interface RestoredProducer {
  readonly kind: "restored-producer";
  readonly producer: string;
  readonly forgottenThrough: number;
}

export type ProducerRecord = Answered | RestoredProducer;
