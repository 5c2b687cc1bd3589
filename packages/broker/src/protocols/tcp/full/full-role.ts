/** What the connections of the full protocol share: the broker as they see it and records encoded once. */
import type { Role } from "@sluice/protocol";
import { type Clock, type Log, silentLog } from "@sluice/runtime";
import type { Durable } from "../../../broker/api.ts";
import type { Peer, RoleConnection } from "../peer.ts";
import { features, type WholeBroker } from "./full-broker.ts";
import { FullConnection } from "./full-connection.ts";
import type { Authenticate } from "./greeting.ts";
import { defaultFullLimits, type FullLimits } from "./limits.ts";
import { MemberOwners } from "./member-owners.ts";
import { SharedRecords } from "./shared-records.ts";

export interface FullRoleOptions {
  readonly broker: WholeBroker;
  readonly clock: Clock;
  readonly log?: Log;
  /** What an acknowledgement of the broker rests on at best. Default: `memory`, which promises nothing. */
  readonly durability?: Durable["durability"];
  /** Default: everybody may. */
  readonly authenticate?: Authenticate;
  /** Told the code of each request that is refused. Default: nobody counts them. */
  readonly refused?: (code: string) => void;
  /** Absent ones are `defaultFullLimits`. */
  readonly limits?: Partial<FullLimits>;
}

/** Begins the work of one connection whose role is SLUICE/1; refuses a role with parameters on the peer. */
export type FullRole = (role: Role, peer: Peer) => RoleConnection | undefined;

export function fullRole(options: FullRoleOptions): FullRole {
  const {
    clock,
    log = silentLog,
    durability = "memory",
    authenticate = () => ({ ok: true }),
    refused = () => {},
  } = options;
  const limits = { ...defaultFullLimits, ...options.limits };
  const broker = { ...options.broker, durability, features };
  const shared = new SharedRecords();
  const owners = new MemberOwners();
  const startedAt = clock.now().wallMs.toString(36);
  let count = 0;
  return (role, peer) => {
    if (role.parameters.size > 0) {
      peer.refuse("unknown-parameter", "The role SLUICE/1 takes no parameters: the token travels in hello.");
      return undefined;
    }
    const session = `${startedAt}-${++count}`;
    return new FullConnection(peer, {
      broker,
      clock,
      log: log.child({ session }),
      limits,
      authenticate,
      refused,
      shared,
      owners,
      session,
    });
  };
}
