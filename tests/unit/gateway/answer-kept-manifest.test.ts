import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import type { KeptManifest } from "#gateway/ledger/kept-manifests.js";
import { answerKeptManifest, isGivenAsItIs, isGivenBySome } from "#gateway/proxy/answer-kept-manifest.js"; // prettier-ignore
import { parseDigest } from "#registry-protocol/digest.js";

const DIGEST = parseDigest(`sha256:${"1".repeat(64)}`);
const OTHER = `sha256:${"2".repeat(64)}`;
const OCI = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws";

const kept = (mediaType: string) =>
  ({ digest: DIGEST, mediaType, content: Buffer.from("{}"), text: "{}" }) as KeptManifest;

describe("a manifest that is asked for by digest", () => {
  test.each<[mediaType: string, accept: string | undefined, isGiven: boolean]>([
    [DOCKER, undefined, true],
    [DOCKER_LIST, OCI, true],
    [OCI, OCI, true],
    [OCI_INDEX, `${OCI}, ${OCI_INDEX}`, true],
    [OCI, undefined, false],
    [OCI, DOCKER, false],
    [OCI_INDEX, OCI, false],
    // Signed anew by some registries, even for who names it.
    [SIGNED, SIGNED, false],
  ])(
    "of the kind %s is given as it is by all registries to who accepts %s: %s",
    (mediaType, accept, isGiven) => {
      expect(isGivenAsItIs(kept(mediaType), accept)).toBe(isGiven);
    },
  );

  test("is given so by some where it is one of the kinds of today", () => {
    const kinds = [DOCKER, DOCKER_LIST, OCI, OCI_INDEX, SIGNED];
    expect(kinds.map((kind) => isGivenBySome(kept(kind)))).toEqual([true, true, true, true, false]);
  });

  test.each<[condition: string | undefined, status: number]>([
    [undefined, 200],
    [`"${DIGEST}"`, 304],
    [`W/"${DIGEST}"`, 304],
    [DIGEST, 304],
    [`"${OTHER}" , "${DIGEST}"`, 304],
    [`"${OTHER}", ${DIGEST}`, 304],
    [`"${OTHER}"`, 200],
    [OTHER, 200],
    ["*", 200],
  ])("is not sent to who has it: If-None-Match %s gets %d", (condition, status) => {
    const req = new IncomingMessage(new Socket());
    if (condition !== undefined) req.headers["if-none-match"] = condition;
    const res = new ServerResponse(req);
    expect(answerKeptManifest(req, res, kept(OCI))).toBe(status);
    expect(res.statusCode).toBe(status);
    expect(res.writableEnded).toBe(true);
    expect(res.getHeader("docker-content-digest")).toBe(DIGEST);
    expect(res.getHeader("content-length")).toBe(status === 200 ? 2 : undefined);
  });
});
