/** An entry of a layer. */
export interface TarEntry {
  readonly path: string;
  readonly kind: "file" | "folder" | "link" | "symlink" | "other";
  /** Permissions. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  readonly modified: string | null;
  /** Where a link leads; `null` for others. */
  readonly target: string | null;
}

const BLOCK = 512;
/** Names and attributes; more is no layer that anybody built. */
const MOST_HEADER_BYTES = 1024 * 1024;
const KINDS: Readonly<Record<string, TarEntry["kind"]>> = {
  ...{ "0": "file", "\0": "file", "7": "file", "1": "link", "2": "symlink", "5": "folder" },
};

/**
 * Reads heads of a tar (ustar, pax, GNU's long names) and skips the rest, so that any size takes the same memory.
 *
 * @param chunks - its bytes
 * @returns its entries, in their order
 * @throws Error when it is no tar, or is cut
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const reader = new BlockReader(chunks);
  let long: { path?: string; target?: string; size?: number } = {};
  for (;;) {
    const head = await reader.take(BLOCK);
    if (head === null || head.every((byte) => byte === 0)) return;
    requireChecksum(head);
    const type = text(head, 156, 1) || "\0";
    const size = long.size ?? number(head, 124, 12);
    const padded = Math.ceil(size / BLOCK) * BLOCK;
    if (type === "x" || type === "L" || type === "K") {
      if (padded > MOST_HEADER_BYTES) throw new Error("a name in the layer is too long");
      const said = (await reader.take(padded))?.subarray(0, size) ?? new Uint8Array();
      long = { ...long, ...longFields(type, said) };
      continue;
    }
    await reader.skip(padded);
    if (type === "g") continue;
    yield entryOf(head, type, { ...long, size });
    long = {};
  }
}

function entryOf(
  head: Uint8Array,
  type: string,
  { path, target, size }: { path?: string; target?: string; size: number },
): TarEntry {
  const prefix = text(head, 257, 5) === "ustar" ? text(head, 345, 155) : "";
  const name = text(head, 0, 100);
  const linked = target ?? text(head, 157, 100);
  const seconds = number(head, 136, 12);
  return {
    path: path ?? (prefix === "" ? name : `${prefix}/${name}`),
    kind: KINDS[type] ?? "other",
    mode: number(head, 100, 8) & 0o7777,
    size: KINDS[type] === "file" ? size : 0,
    modified: seconds > 0 && seconds < 8e12 ? new Date(seconds * 1000).toISOString() : null,
    target: linked === "" ? null : linked,
  };
}

function longFields(type: string, said: Uint8Array) {
  const whole = new TextDecoder().decode(said);
  if (type === "L") return { path: whole.replace(/\0.*$/s, "") };
  if (type === "K") return { target: whole.replace(/\0.*$/s, "") };
  const fields: { path?: string; target?: string; size?: number } = {};
  for (const [, key, value = ""] of whole.matchAll(/^\d+ ([^=\n]+)=([^\n]*)\n/gm)) {
    if (key === "path") fields.path = value;
    if (key === "linkpath") fields.target = value;
    if (key === "size" && /^\d{1,15}$/.test(value)) fields.size = Number(value);
  }
  return fields;
}

function text(head: Uint8Array, from: number, length: number): string {
  const field = head.subarray(from, from + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end === -1 ? field : field.subarray(0, end));
}

/** Octal, or GNU's base 256 where octal has no room. */
function number(head: Uint8Array, from: number, length: number): number {
  if (((head[from] ?? 0) & 0x80) !== 0)
    return head.subarray(from + 1, from + length).reduce((sum, byte) => sum * 256 + byte, 0);
  return parseInt(text(head, from, length).trim() || "0", 8) || 0;
}

function requireChecksum(head: Uint8Array): void {
  const sum = head.reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (sum !== number(head, 148, 8)) throw new Error("the layer is no tar");
}

/** Gives bytes of a stream in the pieces that are asked for. */
class BlockReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** @returns so many bytes; `null` at the end */
  async take(length: number): Promise<Uint8Array | null> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#rest.length === 0 && !(await this.#fill())) break;
      const part = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(part.length);
      parts.push(part);
      missing -= part.length;
    }
    if (missing === length && length > 0) return null;
    if (missing > 0) throw new Error("the layer ends in the middle of an entry");
    return parts.length === 1 ? (parts[0] ?? null) : Buffer.concat(parts);
  }

  /** Reads past so many bytes. */
  async skip(length: number): Promise<void> {
    let missing = length;
    while (missing > 0) {
      if (this.#rest.length === 0 && !(await this.#fill()))
        throw new Error("the layer ends in the middle of an entry");
      const part = Math.min(missing, this.#rest.length);
      this.#rest = this.#rest.subarray(part);
      missing -= part;
    }
  }

  async #fill(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done === true) return false;
    this.#rest = next.value;
    return true;
  }
}
