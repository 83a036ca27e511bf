import { createHash, type Hash } from "node:crypto";

/** A request as its bytes say, read by the letter. */
export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly framing: "none" | "length" | "chunked";
  /** Announced length of the body; `null` when it comes in chunks. */
  readonly length: number | null;
  bodyBytes: number;
  /** SHA-256 of the body, in hexadecimal digits, when it has arrived whole. */
  bodyHash: string | null;
}

const REQUEST_LINE = /^(GET|HEAD|POST|PUT|PATCH|DELETE) (\/[!-~]*) HTTP\/1\.1$/;
const HEADER_LINE = /^([A-Za-z0-9-]+): ([\t\x20-\x7e]*)$/;
const MOST_HEAD_BYTES = 128 * 1024;

/** Something that no strict server would have taken for a request. */
export class NoRequest extends Error {
  override readonly name = "NoRequest";
}

/**
 * Reads requests from the bytes of one connection and takes no liberties: what is not of the one form that there is
 * for it (RFC 9112) is reported, not interpreted.
 *
 * @param begun - told of each request when its head is whole
 * @param ended - told when its body is whole too
 * @returns what takes the bytes; throws NoRequest
 */
export function strictRequestReader(
  begun: (request: ReadRequest) => void,
  ended: (request: ReadRequest) => void,
): { take(bytes: Buffer): void; isInHead(): boolean } {
  let rest = Buffer.alloc(0);
  let open: OpenRequest | null = null;
  const takeLine = (): string | null => {
    const at = rest.indexOf("\r\n");
    if (at === -1) return null;
    const text = rest.toString("latin1", 0, at);
    rest = rest.subarray(at + 2);
    return text;
  };
  const finish = ({ request, hash }: OpenRequest) => {
    request.bodyHash = hash.digest("hex");
    open = null;
    ended(request);
  };
  const readHead = (): boolean => {
    const at = rest.indexOf("\r\n\r\n");
    if (at > MOST_HEAD_BYTES || (at === -1 && rest.length > MOST_HEAD_BYTES))
      throw new NoRequest("a head without an end");
    if (at === -1) return false;
    const request = parseHead(rest.toString("latin1", 0, at));
    rest = rest.subarray(at + 4);
    const awaits = request.framing === "chunked" ? "size" : "bytes";
    open = { request, hash: createHash("sha256"), left: request.length ?? 0, awaits };
    begun(request);
    if (request.length === 0) finish(open);
    return true;
  };
  const readBytes = (of: OpenRequest): boolean => {
    const part = rest.subarray(0, of.left);
    rest = rest.subarray(part.length);
    of.hash.update(part);
    of.left -= part.length;
    of.request.bodyBytes += part.length;
    if (of.left > 0) return false;
    if (of.request.framing === "chunked") of.awaits = "end of chunk";
    else finish(of);
    return true;
  };
  const readLine = (of: OpenRequest): boolean => {
    const text = takeLine();
    if (text === null) return false;
    if (of.awaits === "size") {
      if (!/^[0-9a-f]+$/.test(text)) throw new NoRequest(`no size of a chunk: ${text}`);
      of.left = Number.parseInt(text, 16);
      of.awaits = of.left === 0 ? "end of body" : "bytes";
      return true;
    }
    if (text !== "") throw new NoRequest(`bytes at the ${of.awaits}`);
    if (of.awaits === "end of body") finish(of);
    else of.awaits = "size";
    return true;
  };
  const step = (): boolean => {
    if (rest.length === 0) return false;
    if (open === null) return readHead();
    return open.awaits === "bytes" ? readBytes(open) : readLine(open);
  };
  return {
    take: (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      while (step());
    },
    isInHead: () => open === null && rest.length > 0,
  };
}

interface OpenRequest {
  readonly request: ReadRequest;
  readonly hash: Hash;
  /** Bytes of the body, or of its chunk, that are still to come. */
  left: number;
  awaits: "bytes" | "size" | "end of chunk" | "end of body";
}

function parseHead(text: string): ReadRequest {
  const [first = "", ...lines] = text.split("\r\n");
  const [, method, target] = REQUEST_LINE.exec(first) ?? [];
  if (method === undefined || target === undefined)
    throw new NoRequest(`no request line: ${JSON.stringify(first.slice(0, 200))}`);
  const headers = lines.map((one): [string, string] => {
    const [, name, value] = HEADER_LINE.exec(one) ?? [];
    if (name === undefined || value === undefined)
      throw new NoRequest(`no header: ${JSON.stringify(one.slice(0, 200))}`);
    return [name, value];
  });
  const names = headers.map(([name]) => name.toLowerCase());
  if (new Set(names).size < names.length) throw new NoRequest("a header twice");
  return { method, target, headers, ...framingIn(headers), bodyBytes: 0, bodyHash: null };
}

function framingIn(
  headers: readonly (readonly [string, string])[],
): Pick<ReadRequest, "framing" | "length"> {
  const valueOf = (wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
  const [length, coding] = [valueOf("content-length"), valueOf("transfer-encoding")];
  if (length !== undefined && coding !== undefined) throw new NoRequest("two framings");
  if (coding !== undefined) {
    if (coding !== "chunked") throw new NoRequest(`the coding ${coding}`);
    return { framing: "chunked", length: null };
  }
  if (length === undefined) return { framing: "none", length: 0 };
  if (!/^(?:0|[1-9]\d*)$/.test(length)) throw new NoRequest(`the length ${length}`);
  return { framing: "length", length: Number(length) };
}
