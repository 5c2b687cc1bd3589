/** What the bench and its child processes say to each other, one question at a time. */
import type { Tally } from "../tally.ts";
import type { Frame } from "./profile.ts";

/** The first and only argument of a child: what it is to run, as JSON. */
export interface Assignment {
  readonly kind: "server" | "load";
  readonly name: string;
  readonly options: unknown;
}

export type Question =
  | { readonly ask: "round"; readonly seconds: number }
  | { readonly ask: "cpu" }
  | { readonly ask: "start-profile" }
  | { readonly ask: "stop-profile" }
  | { readonly ask: "end" };

/** What each question is answered with. */
export interface Answers {
  readonly round: Tally;
  readonly cpu: number;
  readonly "start-profile": null;
  readonly "stop-profile": readonly Frame[];
  readonly end: null;
}

export type ChildMessage =
  | { readonly say: "running"; readonly port: number | undefined }
  | { readonly say: "answer"; readonly answer: Answers[keyof Answers] }
  | { readonly say: "failed"; readonly reason: string };
