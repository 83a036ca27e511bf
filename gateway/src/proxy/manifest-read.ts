import { algorithmOf, type Digest } from "#registry-protocol/digest.js";
import { Fault, isUnavailable } from "#registry-protocol/faults.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { takesSingleImagesAlone } from "#registry-protocol/manifest/default-image.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import { unlessAway, type KeptManifests, type ManifestAddress } from "../ledger/kept-manifests.js";
import type { TagResolver } from "../ledger/resolve-tag.js";
import type { PullRecorder } from "../pulls/pull-recorder.js";
import type { OnAnswer } from "../upstream/forward.js";
import type { Upstream } from "../upstream/upstream.js";
import { answerKeptManifest, isGivenAsItIs, isGivenBySome } from "./answer-kept-manifest.js";
import { calledOtherwise } from "./called-otherwise.js";
import type { DefaultImages } from "./default-images.js";
import type { ExchangeOf } from "./exchange.js";
import { passOn, type PassOnDeps } from "./pass-on.js";
import { passOnAgain, RegistryFailed } from "./pass-on-again.js";
import { notePull } from "./pull-notes.js";

/** What reading manifests needs. */
export interface ManifestReadDeps {
  readonly passing: PassOnDeps;
  readonly upstream: Pick<Upstream, "getManifest" | "sha256OfBlob">;
  readonly defaultImages: DefaultImages;
  readonly resolver: Pick<TagResolver, "resolve" | "recall">;
  readonly pulls: Pick<PullRecorder, "looked" | "pulled">;
  readonly kept: Pick<KeptManifests, "inMemory" | "find">;
  /** Told of a manifest that the registry has given out. */
  readonly noticed: (address: ManifestAddress) => void;
  /** @returns when the ledger's bytes of a manifest were forgotten; `null`: they were not. @throws Fault UNAVAILABLE */
  readonly forgotten: (address: ManifestAddress) => Promise<Date | null>;
}

/**
 * GET and HEAD of a manifest. Reads by tag are served by the digest that the ledger says: what others wrote to the tag
 * does not count. What the ledger has is answered by the gateway; the registry is asked for the rest.
 *
 * @param deps - ledger and registry
 * @param exchange - the request
 * @throws Fault MANIFEST_UNKNOWN when there is none, MANIFEST_UNREADABLE when the registry will never give it out,
 *   UNAVAILABLE when that cannot be told now
 */
export async function readManifest(
  deps: ManifestReadDeps,
  exchange: ExchangeOf<"manifest.read">,
): Promise<void> {
  const { repository } = exchange.request;
  const note = notePull(deps.pulls, exchange);
  const wanted = await digestFor(deps, exchange);
  if (await isAnswered(deps, exchange, wanted, note)) return;
  const { digest } = wanted;
  refuseUnknownToRegistry(repository, digest);
  const request = { ...exchange.request, reference: { digest } };
  const onAnswer: OnAnswer = async (answer) => {
    if (answer.statusCode === 500) throw new RegistryFailed();
    if (answer.statusCode === 404 && wanted.isMeant) await refuseLost(deps, { repository, digest });
    if (answer.statusCode === 404) await refuseForgotten(deps, { repository, digest });
    note(answer);
    if (answer.statusCode === 200) deps.noticed({ repository, digest });
  };
  const passedOn = () => passOn(deps.passing, { ...exchange, request }, onAnswer);
  try {
    await passedOn().catch(async (error: unknown) => {
      if (!(error instanceof RegistryFailed)) throw error;
      if (await isAnswered(deps, exchange, { ...wanted, isUnreadable: true }, note)) return;
      await refuseUnreadable(deps, { repository, digest });
      await passOnAgain(deps.passing, { ...exchange, request }, onAnswer);
    });
  } catch (error) {
    if (error instanceof RegistryFailed) throw undecided(error);
    throw error;
  }
}

/** The registry knows manifests by sha256 alone: what was pushed by another digest, the ledger has. */
function refuseUnknownToRegistry(repository: RepositoryName, digest: Digest): void {
  if (algorithmOf(digest) !== "sha256")
    throw new Fault("MANIFEST_UNKNOWN", { detail: { name: repository, digest } });
}

/** @throws Fault unless the registry can read it now */
async function refuseUnreadable(
  { upstream }: ManifestReadDeps,
  { repository, digest }: ManifestAddress,
): Promise<void> {
  const detail = { name: repository, digest };
  const found = await upstream.getManifest(repository, digest).catch((error: unknown) => {
    if (error instanceof Unreadable)
      throw new Fault("MANIFEST_UNREADABLE", { message: error.message, detail });
    throw undecided(error);
  });
  if (found === null) throw new Fault("MANIFEST_UNKNOWN", { detail });
}

/** @throws Fault: a tag means it, and the registry has it no more, unless it may be another storage that says so */
async function refuseLost(
  { upstream }: ManifestReadDeps,
  { repository, digest }: ManifestAddress,
): Promise<void> {
  const found = await upstream.getManifest(repository, digest).catch((error: unknown) => {
    throw isUnavailable(error) ? error : undecided(error);
  });
  if (found !== null) return;
  throw new Fault("MANIFEST_UNKNOWN", {
    message: `known and lost: the registry does not have ${digest} any more; push the same image again`,
    detail: { name: repository, digest, known: true },
  });
}

/** @throws Fault: it was past, and its bytes were forgotten by rule; without the ledger the registry's word is all there is */
async function refuseForgotten(
  { forgotten }: ManifestReadDeps,
  { repository, digest }: ManifestAddress,
): Promise<void> {
  const at = await forgotten({ repository, digest }).catch(unlessAway);
  if (at === null) return;
  throw new Fault("MANIFEST_UNKNOWN", {
    message: `forgotten on ${at.toISOString().slice(0, 10)}: nothing needed it any more; the audit log has it by its digest`,
    detail: { name: repository, digest, forgottenAt: at.toISOString() },
  });
}

/** What a reader gets. */
interface Wanted {
  readonly digest: Digest;
  /** Of a tag, by which digest whoever pushed it called that manifest; absent: by this one. */
  readonly called?: Digest;
  /** Whether the ledger's word is that a tag means it, or a list that names it. */
  readonly isMeant: boolean;
  /** Whether the registry fails at it, as at bytes that a full disk or a crash has cut: it believes for ever to have them. */
  readonly isUnreadable?: boolean;
}

/** @returns whether it was answered with what the ledger has */
async function isAnswered(
  { kept, upstream }: ManifestReadDeps,
  { req, res, request }: ExchangeOf<"manifest.read">,
  { digest, called = digest, isMeant, isUnreadable = false }: Wanted,
  note: ReturnType<typeof notePull>,
): Promise<boolean> {
  const address = { repository: request.repository, digest };
  const isRegistrys = algorithmOf(digest) === "sha256";
  const manifest =
    kept.inMemory(address, isMeant) ??
    // Without the ledger the registry says what there is, where it can.
    (await kept
      .find(address)
      .catch(
        isRegistrys ? unlessAway : (error: unknown) => calledOtherwise(upstream, address, error),
      ));
  if (manifest === null) return false;
  const isOurs =
    isUnreadable || !isRegistrys
      ? isGivenBySome(manifest)
      : isGivenAsItIs(manifest, req.headers.accept);
  if (!isOurs) return false;
  const statusCode = answerKeptManifest(req, res, { ...manifest, digest: called });
  note({ statusCode, headers: { "docker-content-digest": digest } });
  return true;
}

async function digestFor(
  deps: ManifestReadDeps,
  { req, request }: ExchangeOf<"manifest.read">,
): Promise<Wanted> {
  const { repository, reference } = request;
  const { tag = "" } = reference;
  const unknown = () => new Fault("MANIFEST_UNKNOWN", { detail: { name: repository, tag } });
  if (reference.tag === undefined) return { digest: reference.digest, isMeant: false };
  const resolution = await deps.resolver.resolve({ repository, tag: reference.tag });
  if (resolution.kind === "nothing") throw unknown();
  const { digest } = resolution;
  const isMeant = resolution.kind === "digest";
  const meant = { ...resolution, isMeant };
  if (!takesSingleImagesAlone(req.headers.accept)) return meant;
  // Tags are asked for by digest, and of that a stock registry gives what it is, whatever is accepted.
  const image = await deps.defaultImages({ repository, digest }).catch((error: unknown) => {
    throw undecided(error);
  });
  if (image === null) throw unknown();
  return image === undefined ? meant : { digest: image, isMeant };
}

function undecided(cause: unknown): Fault {
  return new Fault("UNAVAILABLE", {
    message: "the registry is unavailable for the moment, try again",
    cause,
  });
}
