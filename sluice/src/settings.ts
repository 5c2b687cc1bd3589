/** Every setting of a Sluice process. `.env.example` is this table, and a test holds it to that. */
import {
  BadSettings,
  byteCount,
  choice,
  flag,
  integer,
  later,
  list,
  logLevels,
  port,
  readSettings,
  type SettingsOf,
  text,
  tokenList,
} from "@sluice/runtime";
import { partsSetting } from "./parts.ts";

export const settingsTable = {
  HTTP_PORT: port(
    8080,
    "Port of HTTP and WebSocket: broker, waiting room and chat. 0 lets the system choose.",
  ),
  TCP_PORT: port(9080, "Port of the framed TCP protocol."),
  CHAT_HTTP_PORT: port(5004, "Second port on which chat answers."),
  HOST: text(
    "127.0.0.1",
    "Address to listen on. Any other than loopback needs AUTH_TOKENS, or INSECURE=true.",
  ),
  DATA_DIR: text("./data", "Folder of the journal, the chat's database and the keys. One process at a time."),
  DELIVERY_MODE: choice(
    ["broadcast", "queue"],
    "broadcast",
    "What the classic TCP channel `default` is: every consumer hears everything, or each message goes to one.",
  ),
  MAX_CONSUMERS: integer(10, 1, 100_000, "Classic TCP consumers of one channel at most."),
  CONSUMER_CHANNEL_BUFFER_SIZE: integer(
    10_000,
    1,
    10_000_000,
    "Messages that wait for one slow classic consumer before OVERFLOW decides.",
  ),
  OVERFLOW: choice(
    ["drop", "block", "disconnect"],
    "drop",
    "When a consumer's buffer is full: lose its copy, slow the producers, or end its connection.",
  ),
  JOURNAL: choice(
    ["file", "memory"],
    "file",
    "Where acknowledged messages lie: file (in DATA_DIR, synced) or memory (gone with the process).",
  ),
  DURABILITY: choice(
    ["synced", "buffered"],
    "synced",
    "Durability of new queues and topics: answered after the sync, or once handed to the operating system.",
  ),
  AUTO_CREATE: flag(true, "Create unknown queues and topics when they are first used."),
  MEMORY_BUDGET_BYTES: byteCount(
    512 * 1024 * 1024,
    "512M",
    "Memory for messages and records. Above half of it bodies stay in the journal; over it sends are refused with memory-full.",
  ),
  DISK_BUDGET_BYTES: byteCount(
    Number.POSITIVE_INFINITY,
    "",
    "Bytes that the journal may take. Over it, and on a full disk, sends are refused with disk-full. Without a value: the whole disk.",
  ),
  AUTH_TOKENS: tokenList(
    "Tokens of those who may use the broker and run the waiting room, as name:token,name:token. On loopback without any, everybody may.",
  ),
  TLS_CERT_FILE: text(
    "",
    "Certificate of all ports in PEM form, with the ones that lead to a root. With TLS_KEY_FILE every port speaks TLS only. SIGHUP reads both again.",
  ),
  TLS_KEY_FILE: text("", "Private key of TLS_CERT_FILE in PEM form, without a passphrase."),
  METRICS_PUBLIC: flag(false, "Answer /metrics without a token."),
  INSECURE: flag(
    false,
    "Allow listening beyond loopback without credentials. Spell it out only behind something that guards.",
  ),
  ALLOWED_HOSTS: list(
    [],
    "Further names that the Host header may carry on a loopback bind, separated by commas.",
  ),
  ALLOWED_ORIGINS: list(
    [],
    "Origins whose pages may call this server (CORS and WebSocket), separated by commas.",
  ),
  PARTS: partsSetting,
  LOG_LEVEL: choice(logLevels, "info", "Least level that is logged."),
  CREDENTIALS_FILE: later("Principals and what they may do"),
  SQS_REGION: later("Region that the SQS API names"),
  REDIS_URL: later("Redis behind queues, waiting room and chat"),
  REDIS_FLUSH: later("When Redis is asked to flush"),
  MONGODB_URI: later("MongoDB behind chat"),
  LOG_DIR: later("Folder of log files; the log goes to standard output"),
  BROKER_URL: later("A broker elsewhere that carries the bus"),
  BROKER_TOKEN: later("Token for BROKER_URL"),
  KAFKA_ENABLED: later("Whether Kafka carries the bus"),
  WAITROOM_STORE: later("Where the waiting room keeps its state; embedded"),
  WAITROOM_IDENTITY: later("Who may join as whom"),
  CHAT_STORE: later("Where chat keeps messages; sqlite"),
  CHAT_CACHE: later("What caches chat; memory"),
} as const;

export type Settings = SettingsOf<typeof settingsTable>;

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;

/** Whether only this machine can reach a server that listens on `host`. */
export const isLoopback = (host: string): boolean => loopback.test(host);

/**
 * The settings of this process, checked as a whole.
 * @throws BadSettings with a sentence for each setting that is wrong.
 */
export function settingsFrom(environment: Readonly<Record<string, string | undefined>>): Settings {
  const settings = readSettings(settingsTable, environment);
  if (!isLoopback(settings.HOST) && settings.AUTH_TOKENS.length === 0 && !settings.INSECURE) {
    throw new BadSettings([
      `HOST=${settings.HOST} would let other machines in without credentials: give AUTH_TOKENS, ` +
        "leave HOST at 127.0.0.1, or set INSECURE=true if something in front of Sluice guards it.",
    ]);
  }
  const { TLS_CERT_FILE, TLS_KEY_FILE } = settings;
  if ((TLS_CERT_FILE === "") !== (TLS_KEY_FILE === "")) {
    const [given, missing] =
      TLS_KEY_FILE === "" ? ["TLS_CERT_FILE", "TLS_KEY_FILE"] : ["TLS_KEY_FILE", "TLS_CERT_FILE"];
    throw new BadSettings([`${given} is given without ${missing}: TLS needs both.`]);
  }
  return settings;
}
