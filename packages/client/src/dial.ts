/** From the text of an address to what a transport needs. */
import { schemes } from "#network";
import { ClientFault } from "./errors.ts";
import type { Address, Scheme } from "./transport.ts";

const pattern = /^([a-z]+):\/\/(\[[0-9a-fA-F:.]+\]|[^/:?#@\s[\]]+)(?::(\d{1,5}))?(\/[^?#\s]*)?$/;

/** As in URLs; TCP has no usual port. */
const usualPorts: Readonly<Record<Scheme, number | undefined>> = {
  tcp: undefined,
  tls: undefined,
  ws: 80,
  wss: 443,
};

const forms: Readonly<Record<Scheme, string>> = {
  tcp: "tcp://host:port",
  tls: "tls://host:port",
  ws: "ws://host[:port][/path]",
  wss: "wss://host[:port][/path]",
};

/**
 * Reads an address of one of the schemes that this platform can reach; an IPv6 host stands in brackets.
 * @throws ClientFault `invalid-address`.
 */
export function parseAddress(text: string): Address {
  const [, word, host = "", portText, path = ""] = pattern.exec(text) ?? [];
  const scheme = schemes.find((each) => each === word);
  const port = scheme && (portText === undefined ? usualPorts[scheme] : Number(portText));
  const isWeb = scheme === "ws" || scheme === "wss";
  const pathFits = isWeb || path === "" || path === "/";
  if (scheme === undefined || port === undefined || port < 1 || port > 65_535 || !pathFits) {
    const possible = schemes.map((each) => forms[each]).join(", ");
    throw new ClientFault("invalid-address", `${JSON.stringify(text)} is none of ${possible}.`);
  }
  return {
    scheme,
    host: host.replace(/^\[|\]$/g, ""),
    port,
    ...(isWeb && path.length > 1 && { path }),
    text,
  };
}
