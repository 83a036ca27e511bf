import { createHash } from "node:crypto";
import type { Client } from "../api/client.js";
import { CommandFault, UsageFault } from "../exit/faults.js";
import { EXIT } from "../exit/exit-codes.js";
import {
  MANIFEST_TYPES,
  platformOf,
  readManifest,
  type Descriptor,
  type Manifest,
} from "./manifest.js";

/** A manifest as it was handed out. */
export interface FetchedManifest {
  readonly repository: string;
  /** Of its bytes, computed here. */
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
}

/**
 * @param repository - name
 * @returns what a token has to be for, to read there
 */
export function pullScope(repository: string): string {
  return `repository:${repository}:pull`;
}

/**
 * @param client - registry
 * @param repository - name
 * @param reference - tag or digest
 * @returns the manifest; its bytes are what its digest says
 * @throws ServerRefusal when there is none; CommandFault when the bytes are others
 */
export async function fetchManifest(
  client: Client,
  repository: string,
  reference: string,
): Promise<FetchedManifest> {
  const answer = await client.ask(`/v2/${repository}/manifests/${reference}`, {
    headers: { Accept: MANIFEST_TYPES.join(", ") },
    scope: pullScope(repository),
  });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const said = reference.includes(":") ? reference : answer.headers.get("docker-content-digest");
  const digest = digestLike(said, bytes);
  if (said !== null && said !== digest)
    throw new CommandFault(`the bytes of ${said} are ${digest}`, EXIT.VERIFICATION);
  const mediaType = answer.headers.get("content-type")?.split(";")[0] ?? "";
  return { repository, digest, mediaType, bytes, manifest: parsed(bytes, digest) };
}

/**
 * @param client - registry
 * @param repository - name
 * @param descriptor - of a blob
 * @returns its bytes, as they come
 */
export async function openBlob(
  client: Client,
  repository: string,
  descriptor: Pick<Descriptor, "digest">,
): Promise<ReadableStream<Uint8Array>> {
  const answer = await client.ask(`/v2/${repository}/blobs/${descriptor.digest}`, {
    scope: pullScope(repository),
    // A layer takes as long as it takes; a connection without a byte ends by itself.
    signal: AbortSignal.timeout(6 * 3_600_000),
  });
  if (answer.body === null) throw new CommandFault(`${descriptor.digest} came without a body`);
  return answer.body;
}

/**
 * @param client - registry
 * @param fetched - an image or an index
 * @param wanted - `linux/arm64`; `null`: `linux` on this machine's processor, else the only one
 * @returns the image itself
 * @throws UsageFault when the index has several and none is that one
 */
export async function imageIn(
  client: Client,
  fetched: FetchedManifest,
  wanted: string | null,
): Promise<FetchedManifest> {
  const children = fetched.manifest.manifests;
  if (children === undefined) return fetched;
  const images = children.filter((child) => !isAttestation(child));
  const usual = `linux/${process.arch === "x64" ? "amd64" : process.arch}`;
  const fits = (child: Descriptor, name: string) =>
    platformOf(child) === name || platformOf(child)?.startsWith(`${name}/`) === true;
  const chosen =
    images.find((child) => fits(child, wanted ?? usual)) ??
    (wanted === null && images.length === 1 ? images[0] : undefined);
  if (chosen === undefined)
    throw new UsageFault(
      `there is no image for ${wanted ?? usual} in it`,
      `say which with --platform: ${images.map((child) => platformOf(child) ?? "?").join(", ")}`,
    );
  return fetchManifest(client, fetched.repository, chosen.digest);
}

/**
 * @param descriptor - an entry of an index
 * @returns whether it is about another entry, and no image
 */
export function isAttestation({ annotations }: Descriptor): boolean {
  return annotations?.["vnd.docker.reference.type"] === "attestation-manifest";
}

/**
 * @param digest - of a registry
 * @returns the name of its algorithm, as node:crypto has it
 */
export function algorithmOf(digest: string): "sha256" | "sha384" | "sha512" {
  if (digest.startsWith("sha512:")) return "sha512";
  return digest.startsWith("sha384:") ? "sha384" : "sha256";
}

/**
 * @param like - a digest whose algorithm counts; `null`: sha256
 * @param bytes - anything
 * @returns their digest
 */
function digestLike(like: string | null, bytes: Uint8Array): string {
  const algorithm = like === null ? "sha256" : algorithmOf(like);
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

function parsed(bytes: Uint8Array, digest: string): Manifest {
  try {
    return readManifest(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    throw new CommandFault(`${digest} is no manifest of a known form`);
  }
}
