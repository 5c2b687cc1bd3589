/** Which parts run in a process: the setting `PARTS`, the names it knows, and which of them can be started alone. */
import type { Setting } from "@sluice/runtime";

/** Every part that has a name; everything together is what runs without the setting. */
const partNames = [
  "broker",
  "waitroom-api",
  "waitroom-processor",
  "chat-api",
  "chat-worker",
  "chat-hub",
  "chat-push",
  "console",
] as const;

/** What one process runs. */
export type Parts = "everything" | "broker";

const isPart = (name: string): boolean => partNames.some((each) => each === name);

/** `PARTS`: names separated by commas. Without a value everything runs; `broker` runs alone; the others cannot yet, and are told so. */
export const partsSetting: Setting<Parts> = {
  meaning:
    "Which parts run in this process. Without a value: everything. broker: queues and topics alone, without waiting room and chat.",
  example: "",
  fallback: "everything",
  parse: (text) => {
    const names = text.split(",").map((name) => name.trim());
    const unknown = names.find((name) => !isPart(name));
    if (unknown !== undefined) return { expected: "broker, or no value for everything" };
    const notAlone = names.find((name) => name !== "broker");
    if (notAlone === undefined) return { value: "broker" };
    return {
      expected: `broker, or no value for everything: this version cannot start ${notAlone} apart from the rest`,
    };
  },
};
