/** A broker with what the full protocol asks for beside what it has. */
import type { Clock } from "@sluice/runtime";
import type { Durable, Result } from "../../../broker/api.ts";
import type { FullBroker, JoinMemberRequest, Membership, WholeBroker } from "./full-broker.ts";
import { MemberSession } from "./member-session.ts";
import { offsetAt } from "./offset-at.ts";

export interface ExtendBrokerOptions {
  readonly broker: WholeBroker;
  readonly clock: Clock;
  readonly durability: Durable["durability"];
}

export function extendBroker({ broker, clock, durability }: ExtendBrokerOptions): FullBroker {
  return {
    ...broker,
    durability,
    features: ["deduplication"],
    offsetAt: (request) => offsetAt(broker, request),

    async joinMember(request: JoinMemberRequest): Promise<Result<{ readonly membership: Membership }>> {
      const { group, member, topics, sessionTimeoutMs, onAssigned, onDropped } = request;
      const joined = await broker.joinGroup({ group, member, topics, onAssigned });
      if (!joined.ok) return joined;
      const membership = new MemberSession({ broker, clock, group, member, sessionTimeoutMs, onDropped });
      return { ok: true, membership };
    },
  };
}
