/** The doors by name. */
import type { Incarnation } from "../../../src/incarnations.ts";
import { clientDoor } from "./client-door.ts";
import { httpDoor } from "./http-door.ts";
import { jsonDoor } from "./json-door.ts";
import type { QueueDoor } from "./queue-door.ts";

export const doorKinds = ["http", "tcp", "websocket", "json"] as const;
export type DoorKind = (typeof doorKinds)[number];

/** Opens a door of this process. @throws Cut */
export async function openDoor(kind: DoorKind, at: Incarnation): Promise<QueueDoor> {
  if (kind === "http") return httpDoor(at.http);
  return await (kind === "json" ? jsonDoor(at.httpUrl) : clientDoor(at, kind));
}
