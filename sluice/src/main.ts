/**
 * `npm start`. Node keeps the code that it compiled, types already removed, in its cache for the next start, which so needs a third less;
 * that has to be said before anything else is loaded.
 */
import { enableCompileCache } from "node:module";

enableCompileCache();
const { run } = await import("./run.ts");
await run();
