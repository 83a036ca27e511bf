import { tokenFor } from "../client.js";
import { ACCEPTED, digestOf, type KnownImage, type KnownManifest } from "./images.js";

/**
 * How a push ended as its client saw it. `unavailable`: it was told to try again (503, 429). `unanswered`: whatever else is no
 * clear answer to the push itself, so that the client has to make it again.
 */
export interface Pushed {
  readonly end: "acknowledged" | "refused" | "unavailable" | "unanswered";
  /** What it was told. */
  readonly told: string;
}

/** Where a client goes, and what it shows there. */
export interface Reached {
  readonly url: string;
  readonly token: string;
}

const PATIENCE_MILLISECONDS = 20_000;

/**
 * Pushes as clients do: of blobs and children what is not there yet, then the manifest by its tag.
 *
 * @param gateway - URL
 * @param image - what
 * @param patience - milliseconds for each request
 * @returns how it ended
 */
export async function push(
  gateway: string,
  image: KnownImage,
  patience = PATIENCE_MILLISECONDS,
): Promise<Pushed> {
  try {
    const token = await tokenFor(gateway, image.repository);
    return await pushTo({ url: gateway, token }, image, patience);
  } catch (error) {
    return { end: "unanswered", told: String(error) };
  }
}

/**
 * @param at - a registry, or a gateway
 * @param image - what
 * @param patience - milliseconds for each request
 * @returns how it ended
 */
export async function pushTo(
  at: Reached,
  image: KnownImage,
  patience = PATIENCE_MILLISECONDS,
): Promise<Pushed> {
  const client = { at, repository: image.repository, patience };
  return ended(async () => {
    for (const child of image.children) {
      await uploadBlobs(client, child);
      await putManifest(client, child, child.digest);
    }
    await uploadBlobs(client, image);
    await putManifest(client, image, image.tag);
  });
}

/**
 * @param at - a gateway
 * @param image - whose blobs are uploaded, and of its children; nothing that needs them comes yet
 * @returns how that ended
 */
export function uploadAlone(at: Reached, image: KnownImage): Promise<Pushed> {
  const client = { at, repository: image.repository, patience: PATIENCE_MILLISECONDS };
  return ended(async () => {
    for (const part of [...image.children, image]) await uploadBlobs(client, part);
  });
}

/**
 * @param at - a gateway
 * @param image - whose manifests are pushed by a client that has uploaded its blobs before
 * @returns how that ended
 */
export function pushManifestAlone(at: Reached, image: KnownImage): Promise<Pushed> {
  const client = { at, repository: image.repository, patience: PATIENCE_MILLISECONDS };
  return ended(async () => {
    for (const child of image.children) await putManifest(client, child, child.digest);
    await putManifest(client, image, image.tag);
  });
}

/** What a reader got by a name. */
export type Pulled =
  | {
      readonly digest: string | null;
      readonly missing: readonly string[];
      /** Whether its reader was told that it is known and lost. */
      readonly isToldLost?: boolean;
    }
  | "unanswered";

/**
 * Pulls as clients do, and hashes all that comes: manifest, children, configurations and layers.
 *
 * @param at - a gateway
 * @param repository - where
 * @param reference - tag or digest
 * @param how - whether it wants the manifest alone
 * @returns what it is for its reader, and which parts are not there or are other bytes
 */
export async function pull(
  at: Reached,
  repository: string,
  reference: string,
  how: { readonly manifestAlone?: boolean } = {},
): Promise<Pulled> {
  const client = { at, repository, patience: PATIENCE_MILLISECONDS };
  try {
    const answer = await call(client, `manifests/${reference}`, { headers: { Accept: ACCEPTED } });
    const text = await answer.text();
    const isToldLost = text.includes("known and lost");
    if (answer.status === 404) return { digest: null, missing: [], isToldLost };
    if (answer.status !== 200) return "unanswered";
    const digest = digestOf(text);
    const missing = how.manifestAlone === true ? [] : await missingParts(client, text);
    return missing === "unanswered" ? missing : { digest, missing };
  } catch {
    return "unanswered";
  }
}

async function ended(work: () => Promise<void>): Promise<Pushed> {
  try {
    await work();
    return { end: "acknowledged", told: "" };
  } catch (error) {
    if (error instanceof Refusal) return error.pushed;
    return { end: "unanswered", told: String(error) };
  }
}

interface Client {
  readonly at: Reached;
  readonly repository: string;
  readonly patience: number;
}

class Refusal extends Error {
  readonly pushed: Pushed;

  constructor(pushed: Pushed) {
    super(pushed.told);
    this.pushed = pushed;
  }
}

interface Parts {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
}

async function missingParts(client: Client, text: string): Promise<string[] | "unanswered"> {
  const { manifests = [], config, layers = [] } = JSON.parse(text) as Parts;
  const missing: string[] = [];
  for (const { digest } of [...(config === undefined ? [] : [config]), ...layers]) {
    const answer = await call(client, `blobs/${digest}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (answer.status === 503) return "unanswered";
    if (answer.status !== 200 || digestOf(bytes) !== digest)
      missing.push(`${digest} (${answer.status})`);
  }
  for (const { digest } of manifests) {
    const child = await pull(client.at, client.repository, digest);
    if (child === "unanswered") return child;
    if (child.digest !== digest) missing.push(`${digest} (${child.digest ?? "404"})`);
    missing.push(...child.missing);
  }
  return missing;
}

async function uploadBlobs(client: Client, { blobs }: KnownManifest): Promise<void> {
  for (const blob of blobs) {
    const digest = digestOf(blob);
    const there = await call(client, `blobs/${digest}`, { method: "HEAD" });
    if (there.status === 200) continue;
    const started = await call(client, "blobs/uploads/", { method: "POST" });
    await refuseUnless(202, started);
    const location = new URL(started.headers.get("location") ?? "", client.at.url);
    location.searchParams.set("digest", digest);
    const target = `${location.pathname}${location.search}`;
    const headers = { "Content-Type": "application/octet-stream" };
    await refuseUnless(201, await call(client, target, { method: "PUT", headers, body: blob }));
  }
}

async function putManifest(
  client: Client,
  { digest, mediaType, text }: KnownManifest,
  reference: string,
): Promise<void> {
  const headers = { "Content-Type": mediaType };
  const init = { method: "PUT", headers, body: text };
  const answer = await call(client, `manifests/${reference}`, init);
  await refuseUnless(201, answer);
  const named = answer.headers.get("docker-content-digest");
  if (named !== digest) throw new Error(`acknowledged ${named ?? "nothing"} for ${digest}`);
}

async function refuseUnless(wanted: number, answer: Response): Promise<void> {
  const text = await answer.text();
  if (answer.status === wanted) return;
  const told = `${answer.status} ${text.slice(0, 300).trim()}`;
  if (answer.status === 409) throw new Refusal({ end: "refused", told });
  const isUnavailable = answer.status === 503 || answer.status === 429;
  throw new Refusal({ end: isUnavailable ? "unavailable" : "unanswered", told });
}

function call(
  { at, repository, patience }: Client,
  path: string,
  init: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Response> {
  const target = path.startsWith("/") ? path : `/v2/${repository}/${path}`;
  return fetch(new URL(target, at.url), {
    ...init,
    headers: {
      ...init.headers,
      ...(at.token === "" ? {} : { Authorization: `Bearer ${at.token}` }),
    },
    signal: AbortSignal.timeout(patience),
  });
}
