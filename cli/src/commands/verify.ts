import { createHash } from "node:crypto";
import type { Client } from "../api/client.js";
import { callAs } from "../api/described-answers.js";
import { inPath, manifestNameOf, type Reference } from "../api/reference.js";
import { EXIT } from "../exit/exit-codes.js";
import { isNotFound, ServerRefusal } from "../exit/faults.js";
import {
  algorithmOf,
  fetchManifest,
  openBlob,
  pullScope,
  type FetchedManifest,
} from "../images/fetch-image.js";
import type { Descriptor } from "../images/manifest.js";
import { progressBar } from "../output/progress.js";
import type { Shown } from "../output/shown.js";
import type { Shell } from "./shell.js";

/** What was looked at, and what it is. */
interface Checked {
  readonly what: "ledger" | "manifest" | "config" | "layer";
  readonly name: string;
  readonly state: "good" | "there" | "missing" | "wrong";
  readonly found: string | null;
}

interface Walk {
  readonly client: Client;
  readonly repository: string;
  readonly readsBlobs: boolean;
  readonly shell: Shell;
}

/**
 * Takes an image apart and computes every digest anew: what the tag means in the ledger and at the registry, its manifests,
 * and with `readsBlobs` configuration and layers; else only that those are there.
 *
 * @param shell - registry
 * @param reference - the image
 * @param readsBlobs - whether all bytes are read
 * @returns each part; the process ends with 6 when one is wrong or missing
 */
export async function verifyImage(
  shell: Shell,
  reference: Reference,
  readsBlobs: boolean,
): Promise<Shown> {
  const client = await shell.client();
  const { repository } = reference;
  const walk = { client, repository, readsBlobs, shell };
  const named = await fetchManifest(client, repository, manifestNameOf(reference));
  const rows = [
    ...(reference.digest === null
      ? [await ledgerCheck(walk, reference.tag ?? "latest", named)]
      : []),
    ...(await checkManifest(walk, named)),
  ];
  const isWrong = rows.some(({ state }) => state === "wrong" || state === "missing");
  if (isWrong) process.exitCode = EXIT.VERIFICATION;
  return {
    kind: "list",
    columns: [
      { key: "what", kind: "name" },
      { key: "name", kind: "digest" },
      { key: "state", kind: "name" },
      { key: "found", kind: "digest", drop: 1 },
    ],
    rows: rows.map((row) => ({ ...row })),
    value: { digest: named.digest, verified: !isWrong, parts: rows },
    empty: "",
  };
}

async function ledgerCheck(
  { client, repository }: Walk,
  tag: string,
  named: FetchedManifest,
): Promise<Checked> {
  const path = `/repositories/${inPath(repository)}/tags/${tag}`;
  const asked = { id: "tags.describe", path, scope: pullScope(repository) } as const;
  const { digest } = await callAs(client, asked);
  return { what: "ledger", name: tag, ...verdict(digest === named.digest), found: digest };
}

async function checkManifest(walk: Walk, fetched: FetchedManifest): Promise<Checked[]> {
  const { manifest, digest } = fetched;
  const blobs: [Checked["what"], Descriptor][] = [
    ...(manifest.config === undefined
      ? []
      : [["config", manifest.config] as [Checked["what"], Descriptor]]),
    ...(manifest.layers ?? []).map((layer): [Checked["what"], Descriptor] => ["layer", layer]),
  ];
  const rows: Checked[] = [{ what: "manifest", name: digest, state: "good", found: null }];
  for (const [what, descriptor] of blobs) rows.push(await checkBlob(walk, what, descriptor));
  for (const child of manifest.manifests ?? []) rows.push(...(await checkChild(walk, child)));
  return rows;
}

async function checkChild(walk: Walk, { digest }: Descriptor): Promise<Checked[]> {
  const what = "manifest";
  try {
    return await checkManifest(walk, await fetchManifest(walk.client, walk.repository, digest));
  } catch (error) {
    if (isNotFound(error)) return [{ what, name: digest, state: "missing", found: null }];
    if (error instanceof ServerRefusal || !(error instanceof Error)) throw error;
    return [{ what, name: digest, state: "wrong", found: error.message }];
  }
}

async function checkBlob(
  walk: Walk,
  what: Checked["what"],
  descriptor: Descriptor,
): Promise<Checked> {
  const { digest, size } = descriptor;
  // Layers that are kept elsewhere, as those of Windows' base images, are no blobs here.
  if (descriptor["urls"] !== undefined)
    return { what, name: digest, state: "there", found: "elsewhere" };
  try {
    if (walk.readsBlobs) return await readBlob(walk, what, descriptor);
    const answer = await walk.client.ask(`/v2/${walk.repository}/blobs/${digest}`, {
      method: "HEAD",
      scope: pullScope(walk.repository),
    });
    const length = answer.headers.get("content-length");
    const isWhole = length === null || Number(length) === size;
    return {
      what,
      name: digest,
      state: isWhole ? "there" : "wrong",
      found: isWhole ? null : `${length} bytes`,
    };
  } catch (error) {
    if (isNotFound(error)) return { what, name: digest, state: "missing", found: null };
    throw error;
  }
}

async function readBlob(
  walk: Walk,
  what: Checked["what"],
  { digest, size }: Descriptor,
): Promise<Checked> {
  const algorithm = algorithmOf(digest);
  const hash = createHash(algorithm);
  const bar = progressBar(walk.shell.machine.terminal, what, size);
  for await (const chunk of await openBlob(walk.client, walk.repository, { digest })) {
    hash.update(chunk);
    bar.add(chunk.length);
  }
  bar.end();
  const found = `${algorithm}:${hash.digest("hex")}`;
  return {
    what,
    name: digest,
    ...verdict(found === digest),
    found: found === digest ? null : found,
  };
}

function verdict(isRight: boolean): { readonly state: Checked["state"] } {
  return { state: isRight ? "good" : "wrong" };
}
