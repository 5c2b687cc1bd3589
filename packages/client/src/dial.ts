/** From the texts of addresses to what a transport needs. */
import { schemes } from "#network";
import { ClientFault } from "./errors.ts";
import type { Address, Scheme, TlsOptions } from "./transport.ts";

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
 * Reads addresses, of which there must be one. `tls` can be obeyed only where this client makes the TLS connection itself.
 * @throws ClientFault `invalid-address`.
 */
export function parseAddresses(texts: readonly string[], tls: TlsOptions | undefined): readonly Address[] {
  if (texts.length === 0) throw new ClientFault("invalid-address", "There is no address to connect to.");
  const addresses = texts.map(parseAddress);
  const web = addresses.find(({ scheme }) => scheme === "wss");
  if (tls === undefined || web === undefined) return addresses;
  const sentence = `Whom ${web.text} trusts is up to the system: the option tls is for tls://.`;
  throw new ClientFault("invalid-address", sentence);
}

/**
 * Reads an address of one of the schemes that this platform can reach; an IPv6 host stands in brackets.
 * @throws ClientFault `invalid-address`.
 */
function parseAddress(text: string): Address {
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
