/** The composition as others use it: start a whole Sluice in this process. */
export { type Addresses, Sluice } from "./compose.ts";
export { type Settings, settingsFrom, settingsTable } from "./settings.ts";
