/** A port on a real broker in virtual time, and clients of the full protocol at the other end of an in-memory stream. */
import { connect } from "node:net";
import * as full from "@sluice/protocol/full";
import { memorySockets } from "../../../test/memory-socket.ts";
import type { TcpServerOptions } from "../../server.ts";
import { bytesOf, type Fixture, openFixture, textOf } from "../../test/tcp-fixture.ts";
import type { FullRoleOptions } from "../full-role.ts";
import { FullClient } from "./full-client.ts";

export interface FullFixture extends Fixture {
  /** A connection on which nothing was said. */
  dial(): FullClient;
  /** The same over a real socket. */
  dialSocket(): FullClient;
  /** A client that was welcomed. */
  client(hello?: Partial<full.Hello>): Promise<FullClient>;
}

export async function openFullFixture(
  fullOptions: Omit<FullRoleOptions, "broker" | "clock" | "log"> = {},
  options: Partial<TcpServerOptions> = {},
): Promise<FullFixture> {
  const port = await openFixture({ ...options, full: fullOptions });
  const dial = (): FullClient => {
    const [ours, theirs] = memorySockets();
    port.server.accept(theirs);
    return new FullClient(ours);
  };
  return {
    ...port,
    dial,
    dialSocket: () => new FullClient(connect(port.server.address.port, port.server.address.address)),
    client: async (hello) => {
      const client = dial();
      await client.hello(hello);
      return client;
    },
  };
}

export const messages = (...texts: readonly string[]): readonly full.WireMessage[] =>
  texts.map((text) => ({ body: bytesOf(text), attributes: full.noWireAttributes }));

export const records = (...texts: readonly string[]): readonly full.WireOutgoingRecord[] =>
  texts.map((text) => ({ key: undefined, body: bytesOf(text), attributes: full.noWireAttributes }));

export const texts = (of: readonly { readonly body: Uint8Array }[]): readonly string[] =>
  of.map(({ body }) => textOf(body));

/** Requests with the fields that a test is not about. */
export const send = (client: FullClient, queue: string, ...of: readonly string[]): Promise<full.SentAnswer> =>
  client.ask("sent", (to, id) =>
    full.writeSend(to, { id, queue, atomic: true, sequence: undefined, messages: messages(...of) }),
  );

export const publish = (
  client: FullClient,
  topic: string,
  ...of: readonly string[]
): Promise<full.PublishedAnswer> =>
  client.ask("published", (to, id) =>
    full.writePublish(to, { id, topic, sequence: undefined, records: records(...of) }),
  );

export const receive = (
  queue: string,
  more: Partial<full.ReceiveRequest> = {},
): ((to: full.FrameWriter, id: number) => void) => {
  return (to, id) =>
    full.writeReceive(to, {
      queue,
      max: 10,
      bytesMax: 1_000_000,
      waitMs: 0,
      visibilityTimeoutMs: undefined,
      ...more,
      id,
    });
};

export const subscribe = (
  queue: string,
  credit: number,
  visibilityTimeoutMs?: number,
): ((to: full.FrameWriter, id: number) => void) => {
  return (to, id) => full.writeSubscribe(to, { id, queue, credit, visibilityTimeoutMs });
};

export const receiptsOf = (deliveries: readonly full.WireDelivery[]): readonly full.WireReceipt[] =>
  deliveries.map(({ sequence, lease }) => ({ sequence, lease }));
