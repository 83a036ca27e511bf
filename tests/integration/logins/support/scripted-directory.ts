import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";

/** An entry as a search finds it. */
export interface ScriptedEntry {
  readonly dn: string;
  readonly attributes: Readonly<Record<string, readonly (string | Buffer)[]>>;
}

/**
 * What a search finds, and whether the connection is lost after it; a result code (RFC 4511, appendix A) other than
 * success; or nothing, and the connection is lost.
 */
export type ScriptedAnswer =
  readonly ScriptedEntry[] | { readonly last: readonly ScriptedEntry[] } | number | "hangs up";

/** What a message asks: operations that have an answer (RFC 4511). */
type Operation = "bind" | "search";
const OPERATIONS: Readonly<Record<number, Operation>> = { 0x60: "bind", 0x63: "search" };

/** A directory that answers what it is told to. */
export interface ScriptedDirectory {
  readonly url: string;
  /** Texts of the requests, for what they asked. */
  readonly searches: readonly string[];
  /** @returns how often somebody connected */
  connections(): number;
  /** @returns whether nobody is connected any more */
  isLeft(): boolean;
  stop(): void;
}

/**
 * For directories that cannot be had here, such as Active Directory: every bind is right, and searches are answered one
 * after the other.
 *
 * @param answers - what each search finds
 * @returns the directory, on a port of the loopback
 */
export async function scriptedDirectory(
  answers: readonly ScriptedAnswer[],
): Promise<ScriptedDirectory> {
  const searches: string[] = [];
  let connections = 0;
  let left = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on("close", () => (left += 1));
    socket.on("error", () => undefined);
    socket.on("data", (request: Buffer) => {
      answer(socket, request);
    });
  }).listen(0, "127.0.0.1");
  const answer = (socket: Socket, request: Buffer) => {
    const { id, operation } = headOf(request);
    if (operation === "bind") socket.write(result(id, 0x61, 0));
    if (operation !== "search") return;
    const next = answers[searches.length] ?? [];
    searches.push(request.toString("latin1"));
    if (next === "hangs up") socket.destroy();
    else if (typeof next === "number") socket.write(result(id, 0x65, next));
    else if ("last" in next) socket.end(found(id, next.last));
    else socket.write(found(id, next));
  };
  await once(server, "listening");
  return {
    url: `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`,
    searches,
    connections: () => connections,
    isLeft: () => left === connections,
    stop: () => {
      server.close();
    },
  };
}

/** Of a message: tag and length, then the number (a few bytes), then the operation's tag. */
function headOf(request: Buffer): { id: number; operation: Operation | undefined } {
  const first = request.readUInt8(1);
  const at = (first < 0x80 ? 2 : 2 + (first & 0x7f)) + 2;
  const length = request.readUInt8(at - 1);
  const id = request.readUIntBE(at, length);
  return { id, operation: OPERATIONS[request.readUInt8(at + length)] };
}

/** BER (X.690): tag, length, content. */
function ber(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length);
  return Buffer.concat([Buffer.from([tag, 0x84]), size, body]);
}

function text(value: string | Buffer): Buffer {
  return ber(0x04, Buffer.from(value));
}

function result(id: number, tag: number, code: number): Buffer {
  const content = [ber(0x0a, Buffer.from([code])), text(""), text("")];
  return ber(0x30, ber(0x02, Buffer.from([id])), ber(tag, ...content));
}

function found(id: number, entries: readonly ScriptedEntry[]): Buffer {
  return Buffer.concat([...entries.map((one) => entryOf(id, one)), result(id, 0x65, 0)]);
}

function entryOf(id: number, { dn, attributes }: ScriptedEntry): Buffer {
  const parts = Object.entries(attributes).map(([name, values]) =>
    ber(0x30, text(name), ber(0x31, ...values.map(text))),
  );
  return ber(0x30, ber(0x02, Buffer.from([id])), ber(0x64, text(dn), ber(0x30, ...parts)));
}
