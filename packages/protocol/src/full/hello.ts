/** The first exchange of a connection: who is there, what both speak, and within which bounds. */
/*  hello   => major:u8 minor:u8 client:text token:text producer:text heartbeat-ms:u32 wants:u8 { feature:text }
    welcome => major:u8 minor:u8 server:text session:text durability:u8 heartbeat-ms:u32
               frame-bytes:u32 body-bytes:u32 batch-bytes:u32 entries:u32 answers:u32 requests:u32 subscriptions:u32 credit:u32
               features:u8 { feature:text }
    A server that does not speak `major` reads no further and ends the connection with `unsupported-version`.
    docs/protocol.md, "Hello"                                                                                                   */
import { durabilities, type WireDurability } from "./durability.ts";
import { tokenBytesMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import { answerBit, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

/** What this codec speaks. Another major is another protocol; a minor adds verbs and flags, and both ends speak the smaller of theirs. */
export const protocolVersion = { major: 1, minor: 0 } as const;

export interface Hello {
  readonly verb: "hello";
  readonly id: number;
  readonly major: number;
  readonly minor: number;
  /** For the log and the list of connections; may be empty. */
  readonly client: string;
  /** Empty: none. */
  readonly token: string;
  /** Whose sequences sends and publishes of this connection carry; empty when they carry none. Outlives the connection. */
  readonly producer: string;
  /** How often this client wants a sign of life at least; 0 leaves it to the server. */
  readonly heartbeatMs: number;
  /** Features that this client cannot do without. */
  readonly wants: readonly string[];
}

/** What the server allows on this connection. */
export interface WireLimits {
  readonly frameBytesMax: number;
  readonly bodyBytesMax: number;
  /** Bodies and keys of one send, publish or transaction. */
  readonly batchBytesMax: number;
  /** Messages, records or receipts of one request. */
  readonly entryCountMax: number;
  /** Deliveries of one receive, records of one fetch. */
  readonly answerCountMax: number;
  /** Requests that are answered for at a time; the server stops reading above it. */
  readonly requestCountMax: number;
  readonly subscriptionCountMax: number;
  /** Credit that one subscription can have. */
  readonly creditMax: number;
}

export interface Welcome {
  readonly verb: "welcome";
  readonly id: number;
  readonly major: number;
  readonly minor: number;
  readonly server: string;
  /** Names this connection in the server's log. */
  readonly session: string;
  /** What an acknowledgement rests on here at best. */
  readonly durability: WireDurability;
  /** Each end lets at most this pass without a word, and gives the other up after twice as long. */
  readonly heartbeatMs: number;
  readonly limits: WireLimits;
  readonly features: readonly string[];
}

const nameBytesMax = 256;
const featureCountMax = 64;

export function writeHello(to: FrameWriter, hello: Omit<Hello, "verb">): void {
  to.begin(requestVerbs.hello, hello.id).u8(hello.major).u8(hello.minor);
  to.text(hello.client).text(hello.token).text(hello.producer).u32(hello.heartbeatMs);
  writeFeatures(to, hello.wants);
  to.end();
}

export function readHello(from: PayloadReader, id: number): Hello {
  const major = from.u8();
  const minor = from.u8();
  if (major !== protocolVersion.major || from.failed) {
    from.skip(from.remaining);
    return {
      verb: "hello",
      id,
      major,
      minor,
      client: "",
      token: "",
      producer: "",
      heartbeatMs: 0,
      wants: [],
    };
  }
  return {
    verb: "hello",
    id,
    major,
    minor,
    client: from.text("the client's name", nameBytesMax),
    token: from.text("the token", tokenBytesMax),
    producer: from.text("the producer", nameBytesMax),
    heartbeatMs: from.u32(),
    wants: readFeatures(from),
  };
}

export function writeWelcome(to: FrameWriter, welcome: Omit<Welcome, "verb">): void {
  const { limits } = welcome;
  to.begin(requestVerbs.hello | answerBit, welcome.id)
    .u8(welcome.major)
    .u8(welcome.minor);
  to.text(welcome.server).text(welcome.session);
  to.u8(durabilities.indexOf(welcome.durability)).u32(welcome.heartbeatMs);
  to.u32(limits.frameBytesMax).u32(limits.bodyBytesMax).u32(limits.batchBytesMax);
  to.u32(limits.entryCountMax).u32(limits.answerCountMax).u32(limits.requestCountMax);
  to.u32(limits.subscriptionCountMax).u32(limits.creditMax);
  writeFeatures(to, welcome.features);
  to.end();
}

export function readWelcome(from: PayloadReader, id: number): Welcome {
  return {
    verb: "welcome",
    id,
    major: from.u8(),
    minor: from.u8(),
    server: from.text("the server's name", nameBytesMax),
    session: from.text("the session", nameBytesMax),
    durability: from.choice("a durability", durabilities),
    heartbeatMs: from.u32(),
    limits: {
      frameBytesMax: from.u32(),
      bodyBytesMax: from.u32(),
      batchBytesMax: from.u32(),
      entryCountMax: from.u32(),
      answerCountMax: from.u32(),
      requestCountMax: from.u32(),
      subscriptionCountMax: from.u32(),
      creditMax: from.u32(),
    },
    features: readFeatures(from),
  };
}

function writeFeatures(to: FrameWriter, features: readonly string[]): void {
  to.u8(features.length);
  for (const feature of features) to.text(feature);
}

function readFeatures(from: PayloadReader): readonly string[] {
  const count = from.count("features", from.u8(), featureCountMax, 2);
  const features: string[] = [];
  for (let i = 0; i < count && !from.failed; i++) features.push(from.text("a feature", nameBytesMax));
  return features;
}
