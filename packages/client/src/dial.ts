/** From an address to a transport. The Node part is loaded when an address asks for it, so that the rest runs in browsers. */
import { ClientFault } from "./errors.ts";
import type { Address, Dial } from "./transport.ts";

const pattern = /^(tcp|tls):\/\/(\[[0-9a-fA-F:.]+\]|[^/:?#@\s]+):(\d{1,5})\/?$/;

/**
 * Reads `tcp://host:port` and `tls://host:port`; an IPv6 host stands in brackets.
 * @throws ClientFault `invalid-address`.
 */
export function parseAddress(text: string): Address {
  const [, scheme, host = "", portText = ""] = pattern.exec(text) ?? [];
  const port = Number(portText);
  if ((scheme !== "tcp" && scheme !== "tls") || port < 1 || port > 65_535) {
    throw new ClientFault(
      "invalid-address",
      `${JSON.stringify(text)} is not tcp://host:port or tls://host:port.`,
    );
  }
  return { scheme, host: host.replace(/^\[|\]$/g, ""), port, text };
}

export const dialNetwork: Dial = async (address, options) => {
  const { dialTcp } = await import("./transports/tcp.ts");
  return dialTcp(address, options);
};
