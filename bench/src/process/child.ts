/** The program of a child process: runs one server or one load, answers what the bench asks, and ends with it. */
import { assert } from "@sluice/runtime";
import { inThisProcess } from "./here.ts";
import type { Answers, Assignment, ChildMessage, Question } from "./messages.ts";
import type { LoadName, ServerName } from "./runners.ts";
import type { RunningLoad, RunningServer } from "./running.ts";

const say = (message: ChildMessage): boolean | undefined => process.send?.(message);

async function open({ kind, name, options }: Assignment): Promise<RunningServer | RunningLoad> {
  return kind === "server"
    ? inThisProcess.server(name as ServerName, options as never)
    : inThisProcess.load(name as LoadName, options as never);
}

async function answer(
  running: RunningServer | RunningLoad,
  question: Question,
): Promise<Answers[keyof Answers]> {
  switch (question.ask) {
    case "round":
      assert("round" in running, "only a load works in rounds");
      return running.round(question.seconds);
    case "cpu":
      return running.cpuSeconds();
    case "start-profile":
      await running.startProfile();
      return null;
    case "stop-profile":
      return running.stopProfile();
    case "end":
      await running[Symbol.asyncDispose]();
      return null;
  }
}

/** With its cause, because the bench shows nothing else of what went wrong here. */
const described = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

async function main(): Promise<void> {
  const running = await open(JSON.parse(process.argv[2] ?? "") as Assignment);
  let ended = false;
  process.on("message", (question: Question) => {
    ended ||= question.ask === "end";
    answer(running, question).then(
      (given) => {
        say({ say: "answer", answer: given });
        if (ended) process.disconnect();
      },
      (error: unknown) => say({ say: "failed", reason: described(error) }),
    );
  });
  // The bench is gone without a word: what lies in temporary folders goes too.
  process.on("disconnect", () => {
    if (ended) process.exit(0);
    const end = (): void => process.exit(1);
    running[Symbol.asyncDispose]().then(end, end);
  });
  say({ say: "running", port: "port" in running ? running.port : undefined });
}

// An interrupt at the terminal reaches the children too; they end when the bench does.
process.on("SIGINT", () => {});
main().catch((error: unknown) => {
  say({ say: "failed", reason: described(error) });
  process.exitCode = 1;
  process.disconnect?.();
});
