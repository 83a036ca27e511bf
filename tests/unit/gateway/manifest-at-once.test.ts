import { describe, expect, test } from "@jest/globals";
import type { KeptManifest } from "#gateway/ledger/kept-manifests.js";
import type { Caller } from "#gateway/proxy/caller.js";
import { recallCaller } from "#gateway/proxy/identify-caller.js";
import { readAtOnce, type AtOnceDeps } from "#gateway/proxy/manifest-at-once.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { parseRegistryRequest, type RegistryRequest } from "#registry-protocol/request.js";
import { MARKER } from "#registry-protocol/storage-marker.js";
import { openedRequest } from "#tests/support/requests.js";

const LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const IMAGE = "application/vnd.oci.image.manifest.v1+json";
const CONTENT = Buffer.from("{}");
const DIGEST = digestOf(CONTENT);
const TAG = "/v2/alpha/app/manifests/1.0";

const caller = (name: string, actions: Caller["access"][number]["actions"] = ["pull"]): Caller => ({
  ...{ subject: "alice", realm: "/employees", kind: "oauth2", view: "not-told" },
  ...{ access: [{ type: "repository", name, actions }], isTrusted: false, refused: [] },
  validUntil: 4_102_444_800,
});

type Reading = Extract<RegistryRequest, { kind: "manifest.read" }>;

function asked(target: string, accept: string) {
  const request = parseRegistryRequest("GET", target) as Reading;
  return { ...openedRequest({ accept, authorization: "Bearer x" }), request };
}

/** What is in memory: what the tag means, and a manifest of this type under that digest. */
function memoryOf(mediaType: string, means: Digest | null = DIGEST) {
  const manifest: KeptManifest = { digest: DIGEST, mediaType, content: CONTENT, text: "{}" };
  const pulled: unknown[] = [];
  const deps: AtOnceDeps = {
    resolver: { recall: () => means },
    kept: { inMemory: ({ digest }) => (digest === DIGEST ? manifest : null) },
    pulls: { looked: () => undefined, pulled: (pull) => pulled.push(pull) },
  };
  return { deps, pulled };
}

describe("a manifest that is in memory", () => {
  test.each([
    ["by a tag, to who takes its type", TAG, IMAGE, IMAGE, true],
    ["by its digest", `/v2/alpha/app/manifests/${DIGEST}`, IMAGE, IMAGE, true],
    ["not to who does not name its type", TAG, IMAGE, "*/*", false],
    ["also as an index, to who takes it", TAG, INDEX, `${IMAGE}, ${INDEX}`, true],
    ["not as a list to who takes single images alone", TAG, LIST, IMAGE, false],
    ["as a list to who takes lists", TAG, LIST, `${IMAGE}, ${LIST}`, true],
  ])("is given out at once %s", (_name, target, mediaType, accept, isAnswered) => {
    const { deps, pulled } = memoryOf(mediaType);
    const exchange = { ...asked(target, accept), caller: caller("alpha/app") };
    expect(readAtOnce(deps, exchange)).toBe(isAnswered);
    expect(exchange.res.headersSent).toBe(isAnswered);
    expect(pulled).toHaveLength(isAnswered ? 1 : 0);
  });

  test.each([
    [TAG, true],
    [`/v2/alpha/app/manifests/${DIGEST}`, false],
  ])("may have been deleted unless a tag means it: %s", (target, means) => {
    const { deps } = memoryOf(IMAGE);
    const asAsked: unknown[] = [];
    const kept: AtOnceDeps["kept"] = {
      inMemory: (address, isMeant) => {
        asAsked.push(isMeant);
        return deps.kept.inMemory(address, isMeant);
      },
    };
    readAtOnce({ ...deps, kept }, { ...asked(target, IMAGE), caller: caller("alpha/app") });
    expect(asAsked).toEqual([means]);
  });

  test("is not given out while nobody knows what the tag means", () => {
    const { deps } = memoryOf(IMAGE, null);
    const exchange = { ...asked(TAG, IMAGE), caller: caller("alpha/app") };
    expect(readAtOnce(deps, exchange)).toBe(false);
  });
});

describe("somebody whose token was verified a moment ago", () => {
  const recalled = (target: string, known: Caller | null) => {
    const { req, request } = asked(target, IMAGE);
    return recallCaller({ verifier: { recall: () => known } }, req, request);
  };

  test("is known at once where the token grants what is asked for", () => {
    expect(recalled(TAG, caller("alpha/app"))?.subject).toBe("alice");
  });

  test.each([
    ["is nobody", TAG, null],
    ["grants another repository", TAG, caller("beta/app")],
    ["grants no pull", TAG, caller("alpha/app", ["push"])],
    ["is for what is the gateways' own", markerTarget(), caller(MARKER.repository)],
  ])("is looked at properly where the token %s", (_name, target, known) => {
    expect(recalled(target, known)).toBeNull();
  });
});

function markerTarget(): string {
  return `/v2/${MARKER.repository}/manifests/${MARKER.tag}`;
}
