/** A server or a load as the bench sees it, whichever process it runs in. */
import type { CpuSeconds, Tally } from "../tally.ts";
import type { Frame } from "./profile.ts";
import type { LoadName, LoadOptions, ServerName, ServerOptions } from "./runners.ts";

export interface Running extends AsyncDisposable {
  /** CPU that its process has used since it began. */
  cpuSeconds(): Promise<CpuSeconds>;
  /** Begins to sample the call stack of its process. */
  startProfile(): Promise<void>;
  /** Ends the sampling and tells where the time went, widest first. */
  stopProfile(): Promise<readonly Frame[]>;
}

export interface RunningServer extends Running {
  readonly port: number;
}

export interface RunningLoad extends Running {
  round(seconds: number): Promise<Tally>;
}

/** Where servers and loads are started. */
export interface Place {
  server<Name extends ServerName>(name: Name, options: ServerOptions<Name>): Promise<RunningServer>;
  load<Name extends LoadName>(name: Name, options: LoadOptions<Name>): Promise<RunningLoad>;
}
