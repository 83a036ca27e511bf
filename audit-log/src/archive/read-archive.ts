import type { X509Certificate } from "node:crypto";
import { createReadStream } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { createGunzip } from "node:zlib";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import { entryHash } from "../chain.js";
import { placesAt, type ChainPlace } from "../chain-places.js";
import type { Checkpoint } from "../checkpoint.js";
import { readCheckpoint } from "../verify/verify-checkpoint.js";
import { endSchema, entrySchema, headSchema, type ArchiveHead } from "./archive-form.js";

/** An entry of an archive, with the hashes that follow from what is before it. */
export interface ArchivedEntry {
  readonly chain: number;
  readonly position: number;
  readonly content: string;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
}

/** An archive that is as its checkpoints say. */
export interface GenuineArchive {
  readonly head: ArchiveHead;
  readonly entries: number;
}

/**
 * Recomputes every hash of an archive, from the signed end before it to its own. It takes the certificate, and no database.
 *
 * @param file - an archive
 * @param anchors - certificates that are trusted
 * @param each - gets each entry before it is known whether the archive is genuine
 * @returns what it has
 * @throws Error that says what is wrong with it
 */
export async function readArchive(
  file: string,
  anchors: readonly X509Certificate[],
  each: (entry: ArchivedEntry) => Promise<void> = () => Promise.resolve(),
): Promise<GenuineArchive> {
  let head: ArchiveHead | null = null;
  let places: ChainPlace[] = [];
  let entries = 0;
  let end: number | null = null;
  for await (const line of linesOf(file)) {
    const value = jsonOrNull(line);
    if (head === null) {
      head = headOf(value);
      places = [...placesAt(head.from === null ? null : stated(head.from, anchors))];
      continue;
    }
    if (end !== null) throw new Error("goes on behind its end");
    end = endSchema.safeParse(value).data?.entries ?? null;
    if (end === null) {
      entries += 1;
      await each(goOn(places, value));
    }
  }
  if (head === null) throw new Error("is empty");
  if (end === null) throw new Error("was cut off: it has no end");
  if (end !== entries) throw new Error(`has ${entries} entries, and says ${end}`);
  compare(places, placesAt(stated(head.to, anchors)), head.to.number);
  return { head, entries };
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const raw = createReadStream(file);
  const text = raw.pipe(createGunzip());
  // What fails below ends what is read of it.
  raw.on("error", (error) => text.destroy(error));
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of text) {
    const lines = `${rest}${decoder.write(chunk as Buffer)}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") throw new Error("was cut off within a line");
}

function headOf(value: unknown): ArchiveHead {
  const head = headSchema.safeParse(value).data;
  if (head === undefined) throw new Error("is no archive of an audit log");
  return head;
}

function stated(row: ArchiveHead["to"], anchors: readonly X509Certificate[]): Checkpoint {
  return readCheckpoint(row, anchors).checkpoint;
}

function goOn(places: ChainPlace[], value: unknown): ArchivedEntry {
  const entry = entrySchema.safeParse(value).data;
  const before = entry === undefined ? undefined : places[entry.chain];
  if (entry === undefined || before === undefined) throw new Error("has a line that is no entry");
  const { chain, position, content } = entry;
  if (position !== before.position + 1)
    throw new Error(`chain ${chain}, entry ${before.position + 1}: missing`);
  const hash = entryHash(before.hash, content);
  places[chain] = { position, hash };
  return { chain, position, content, previousHash: before.hash, hash };
}

function compare(
  found: readonly ChainPlace[],
  wanted: readonly ChainPlace[],
  number: number,
): void {
  for (const [chain, { position, hash }] of wanted.entries()) {
    const place = found[chain];
    if (place?.position !== position)
      throw new Error(`chain ${chain}: ends with entry ${place?.position ?? 0}, not ${position}`);
    if (!place.hash.equals(hash))
      throw new Error(
        `chain ${chain}: an entry was changed: it is not what checkpoint ${number} has`,
      );
  }
}
