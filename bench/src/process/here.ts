/** Starts servers and loads in this very process: quick, for the test that the bench still works. Its CPU is everybody's. */
import { Profile } from "./profile.ts";
import { loads, servers } from "./runners.ts";
import type { Place, Running } from "./running.ts";

/** A name and its options belong together; looked up by a name that is not known before, the table cannot say so. */
type Opener<Opened> = (options: unknown) => Promise<Opened>;

export const inThisProcess: Place = {
  server: async (name, options) => {
    const server = await (servers[name] as Opener<Awaited<ReturnType<(typeof servers)[typeof name]>>>)(
      options,
    );
    return { ...ownRunning(server), port: server.port };
  },
  load: async (name, options) => {
    const load = await (loads[name] as Opener<Awaited<ReturnType<(typeof loads)[typeof name]>>>)(options);
    return { ...ownRunning(load), round: (seconds) => load.round(seconds) };
  },
};

/** CPU of this process since it began, in seconds. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

function ownRunning(opened: AsyncDisposable): Running {
  const profile = new Profile();
  return {
    cpuSeconds: async () => ownCpuSeconds(),
    startProfile: () => profile.start(),
    stopProfile: () => profile.stop(),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
