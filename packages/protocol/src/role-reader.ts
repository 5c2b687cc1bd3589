/**
 * Finds the role in the first bytes of a connection. It comes as a frame or as eight bare bytes with an optional line end; both
 * are told apart by the first four bytes, because read as a length the bare ones are over 512 MiB and no frame may be that long.
 */
import { frameBytesCeiling, frameHeaderBytes, roleBytesMax } from "./frame-limits.ts";
import {
  isRoleFault,
  parseRole,
  quote,
  type Role,
  type RoleFault,
  rolesSentence,
  roleWords,
} from "./role.ts";

/** What the bytes so far say. `rest` is what came behind the role: the first bytes of the first frame. */
export type RoleStep =
  | { readonly state: "incomplete" }
  | { readonly state: "role"; readonly role: Role; readonly rest: Uint8Array }
  | { readonly state: "fault"; readonly fault: RoleFault };

const incomplete: RoleStep = { state: "incomplete" };
const nothing = new Uint8Array(0);
const utf8 = new TextDecoder("utf-8", { fatal: true });
const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const bareBytes = 8;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Reads the role of one connection. Push chunks until the answer is no longer `incomplete`; every later chunk of the connection
 * goes through `strip`. Total: no input throws, and at most 8 KiB and 4 bytes are held.
 */
export class RoleReader {
  #held: Uint8Array = nothing;
  /** Whether a line end may still come behind a bare role: it has to be recognised without waiting for it. */
  #lineEnd: "none" | "possible" | "half" = "none";

  /** How many bytes of an incomplete role have arrived. */
  get heldBytes(): number {
    return this.#held.length;
  }

  push(chunk: Uint8Array): RoleStep {
    const bytes = join(this.#held, chunk);
    const found = findRole(bytes);
    if (found === undefined) {
      this.#held = bytes.slice();
      return incomplete;
    }
    this.#held = nothing;
    if ("fault" in found) return { state: "fault", fault: found.fault };
    this.#lineEnd = found.bare ? "possible" : "none";
    return { state: "role", role: found.role, rest: this.strip(bytes.subarray(found.usedBytes)) };
  }

  /**
   * Takes the line end off that may follow a bare role, even when it comes in a chunk of its own. No frame can begin with these
   * bytes: as the first byte of a length they announce more than 160 MiB.
   */
  strip(chunk: Uint8Array): Uint8Array {
    if (this.#lineEnd === "none" || chunk.length === 0) return chunk;
    if (this.#lineEnd === "half") {
      this.#lineEnd = "none";
      return chunk[0] === lineFeed ? chunk.subarray(1) : join(Uint8Array.of(carriageReturn), chunk);
    }
    this.#lineEnd = "none";
    if (chunk[0] === lineFeed) return chunk.subarray(1);
    if (chunk[0] !== carriageReturn) return chunk;
    if (chunk.length > 1) return chunk[1] === lineFeed ? chunk.subarray(2) : chunk;
    this.#lineEnd = "half";
    return nothing;
  }
}

interface Found {
  readonly role: Role;
  readonly usedBytes: number;
  readonly bare: boolean;
}

/** Undefined when more bytes are needed to tell. */
function findRole(bytes: Uint8Array): Found | { readonly fault: RoleFault } | undefined {
  if (bytes.length < frameHeaderBytes) return undefined;
  const frameBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (frameBytes > frameBytesCeiling) return findBareRole(bytes);
  if (frameBytes > roleBytesMax) {
    const sentence = `The first frame announces ${frameBytes} bytes; a role has at most ${roleBytesMax}. ${rolesSentence}`;
    return { fault: { code: "malformed-role", sentence } };
  }
  const usedBytes = frameHeaderBytes + frameBytes;
  if (bytes.length < usedBytes) return undefined;
  const text = decode(bytes.subarray(frameHeaderBytes, usedBytes));
  if (text === undefined)
    return { fault: { code: "malformed-role", sentence: "The role is not valid UTF-8." } };
  const role = parseRole(text);
  return isRoleFault(role) ? { fault: role } : { role, usedBytes, bare: false };
}

function findBareRole(bytes: Uint8Array): Found | { readonly fault: RoleFault } | undefined {
  const start = latin1(bytes.subarray(0, bareBytes));
  if (!roleWords.some((word) => word.startsWith(start))) {
    return { fault: { code: "unknown-role", sentence: `${quote(start)} starts no role. ${hint(start)}` } };
  }
  if (bytes.length < bareBytes) return undefined;
  const role = parseRole(start);
  return isRoleFault(role) ? { fault: role } : { role, usedBytes: bareBytes, bare: true };
}

/** Two strangers come by so often that they are worth a sentence. */
function hint(start: string): string {
  if (/^(GET|POST|PUT|HEAD|DELETE|PATCH|OPTIONS) /.test(start)) {
    return "This port speaks framed TCP; HTTP is answered on HTTP_PORT.";
  }
  if (start.startsWith("\x16\x03")) return "This port speaks framed TCP without TLS.";
  return rolesSentence;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
