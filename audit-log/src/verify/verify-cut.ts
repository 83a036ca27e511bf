import type { X509Certificate } from "node:crypto";
import { z } from "zod";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { placesAt, type ChainPlace } from "../chain-places.js";
import { listEntries } from "../list-entries.js";
import { checkpointOf } from "../sql/checkpoints.js";
import { cutPlaces, type Cut } from "../sql/cuts.js";
import type { Finding } from "./finding.js";
import { readCheckpoint } from "./verify-checkpoint.js";

/** Where chains begin behind a cut. */
export interface Beginning {
  /** By chain, as the checkpoint says that was signed; none where it cannot be believed. */
  readonly places: readonly ChainPlace[];
  /** What is wrong with the cut; `null`: nothing. */
  readonly finding: Finding | null;
}

const removedSchema = z.object({
  detail: z.object({ checkpoint: z.number(), sha256: z.string() }),
});

/**
 * @param tx - the audit log, as it stands at one moment
 * @param cut - behind which entries have left
 * @param trust - certificates that are trusted
 * @returns where each chain begins: where the cut's checkpoint says that it stood, whatever the cut itself says
 */
export async function beginAt(
  tx: Queryable,
  cut: Cut,
  { anchors }: { readonly anchors: readonly X509Certificate[] },
): Promise<Beginning> {
  const { number } = cut;
  try {
    const row = await checkpointOf(tx, number);
    if (row === null) throw new Error("the checkpoint that the log was cut at is gone");
    const places = placesAt(readCheckpoint(row, anchors).checkpoint);
    const said = await cutPlaces(tx, number);
    const isThere = places.every(({ position }, chain) => (said.get(chain) ?? 0) === position);
    const isRight = isThere && row.entries === cut.entries;
    const problem = isRight
      ? await unrecorded(tx, cut)
      : "the log was cut somewhere else than this checkpoint says";
    return { places, finding: problem === null ? null : about(number, problem) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { places: [], finding: about(number, problem) };
  }
}

/**
 * @param db - the audit log
 * @param cut - behind which entries have left
 * @returns what is wrong with what is on record of it; `null`: nothing
 */
async function unrecorded(db: Queryable, { number, sha256, until }: Cut): Promise<string | null> {
  const all = { repository: null, actor: null, tag: null, digest: null };
  const filter = { ...all, since: until, until: new Date("9999-12-31"), action: "entries.removed" };
  for await (const { content } of listEntries(db, filter)) {
    const detail = removedSchema.safeParse(jsonOrNull(content)).data?.detail;
    if (detail?.checkpoint === number && detail.sha256 === sha256) return null;
  }
  return "the log was cut here, and no entry says so";
}

/**
 * @param whole - the audit log, with what has left
 * @param cuts - all of them
 * @returns those of which no entry says that they were made
 */
export async function unrecordedCuts(whole: Queryable, cuts: readonly Cut[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const cut of cuts) {
    const problem = await unrecorded(whole, cut);
    if (problem !== null) findings.push(about(cut.number, problem));
  }
  return findings;
}

function about(position: number, problem: string): Finding {
  return { chain: null, position, problem, content: "" };
}
