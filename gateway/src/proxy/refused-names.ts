import { algorithmOf, isDigest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { registryErrors } from "../upstream/registry-errors.js";
import type { WholeAnswer } from "../upstream/whole-request.js";
import { faultAnswer } from "./fault-answer.js";

const REFUSED =
  "this registry takes no index that calls a manifest by another algorithm than sha256: call it by sha256, or have " +
  "validation.manifests.indexes.platforms be none in its configuration";

/**
 * All that an index names stands there when the registry is asked. One of the line 3 whose configuration has it look for
 * children itself knows none by another algorithm than sha256, and says that they are not there.
 *
 * @param answer - the registry's answer to a manifest
 * @param manifest - the manifest
 * @returns the answer, or one that says what to do where it misses nothing but such children
 */
export function withRefusedNames(answer: WholeAnswer, manifest: Manifest): WholeAnswer {
  const isVerdict = answer.status >= 400 && answer.status < 500 && manifest.kind === "index";
  if (!isVerdict) return answer;
  const errors = registryErrors(answer.body);
  const isAboutNames = errors.every(
    ({ code, detail }) => code === "MANIFEST_BLOB_UNKNOWN" && isOtherName(detail),
  );
  if (errors.length === 0 || !isAboutNames) return answer;
  const message = `manifest invalid: ${REFUSED}`;
  return faultAnswer(new Fault("MANIFEST_INVALID", { message, summary: message }));
}

function isOtherName(detail: unknown): boolean {
  return typeof detail === "string" && isDigest(detail) && algorithmOf(detail) !== "sha256";
}
