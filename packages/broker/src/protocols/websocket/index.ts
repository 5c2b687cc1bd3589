export { WebSocketDoor, type WebSocketDoorOptions } from "./door.ts";
