/** Given to a process by `--import`: it then writes the address of each module that it loads to standard error, one a line. */
import { registerHooks } from "node:module";

registerHooks({
  load: (url, context, nextLoad) => {
    process.stderr.write(`${url}\n`);
    return nextLoad(url, context);
  },
});
