import { printable } from "../printable.js";
import type { Cut } from "../sql/cuts.js";
import type { Finding } from "./finding.js";
import type { VerifiedBytes } from "./verify-bytes.js";
import type { VerifiedLedger } from "./verify-ledger.js";
import type { VerifiedLog } from "./verify-log.js";
import type { VerifiedParts } from "./verify-parts.js";
import type { VerifiedPulls } from "./verify-pulls.js";
import type { VerifiedTags } from "./verify-tags.js";
import type { VerifiedUnknown } from "./verify-unknown.js";

const number = (value: number) => value.toLocaleString("en-US");
const count = (value: number, one: string, many: string) =>
  `${number(value)} ${value === 1 ? one : many}`;

/** @returns what was found of the audit log, for people, a line each */
export function reportLog(log: VerifiedLog): string[] {
  const { findings, checkpoints, uncovered } = log;
  const period = log.from === "" ? "" : `, from ${short(log.from)} to ${short(log.to)}`;
  const last =
    checkpoints.last === null ? "" : `, the last at ${checkpoints.last.at.toISOString()}`;
  return [
    `${count(log.entries, "entry", "entries")}${period}`,
    `${count(checkpoints.count, "checkpoint", "checkpoints")}${last}`,
    ...checkpoints.signers.map((signer) => `  signed by ${printable(signer)}`),
    `${count(uncovered, "entry", "entries")} that no checkpoint covers yet`,
    ...findings.flatMap(reportFinding),
    findings.length === 0 ? "the audit log is whole" : "THE AUDIT LOG IS BROKEN",
  ];
}

/** @returns what was found of the ledger, for people, a line each */
function reportLedger({ checked, wrong, findings }: VerifiedLedger): string[] {
  return [
    `${count(checked, "tag", "tags")} of the ledger compared with the audit log`,
    ...findings.map(
      ({ repository, tag, problem }) => `  ${printable(`${repository}:${tag}: ${problem}`)}`,
    ),
    ...reportMore(wrong - findings.length),
    wrong === 0
      ? "the ledger is as the audit log says"
      : `${count(wrong, "TAG OF THE LEDGER IS", "TAGS OF THE LEDGER ARE")} NOT AS THE AUDIT LOG SAYS`,
  ];
}

/** @returns what was found of the days of pulls, for people, a line each */
export function reportPulls({ checked, forgotten, findings }: VerifiedPulls): string[] {
  const gone = forgotten === 0 ? "" : `, ${number(forgotten)} before were forgotten`;
  return [
    `${count(checked, "day", "days")} of pulls compared with the audit log${gone}`,
    ...findings.map(({ day, problem }) => `  ${day}: ${printable(problem)}`),
    findings.length === 0
      ? "who pulled is as the audit log says"
      : `THE PULLS OF ${count(findings.length, "DAY", "DAYS")} ARE NOT AS THE AUDIT LOG SAYS`,
  ];
}

/** @returns what was found of the bytes that the ledger keeps, for people, a line each */
function reportBytes({ checked, forgotten, wrong, findings }: VerifiedBytes): string[] {
  const gone = forgotten === 0 ? "" : `, ${number(forgotten)} of which were forgotten by rule`;
  return [
    `${count(checked, "manifest", "manifests")} of the ledger held against ${checked === 1 ? "its digest" : "their digests"}${gone}`,
    ...findings.map(
      ({ repository, digest, problem }) => `  ${printable(`${repository}@${digest}: ${problem}`)}`,
    ),
    ...reportMore(wrong - findings.length),
    wrong === 0
      ? "every manifest is what its digest says"
      : count(
          wrong,
          "MANIFEST IS NOT WHAT ITS DIGEST SAYS",
          "MANIFESTS ARE NOT WHAT THEIR DIGESTS SAY",
        ),
  ];
}

/** @returns what all was found without a question to the registry, for people, a line each */
export function reportAll(log: VerifiedLog): string[] {
  const { cut, rest } = log;
  return [
    ...reportLog(log),
    ...(rest === null
      ? []
      : [reportLedger(rest.ledger), reportPulls(rest.pulls), reportBytes(rest.bytes)].flat()),
    ...(cut === null ? [] : reportCut(cut)),
  ];
}

function reportCut({ entries, number: checkpoint, month, until }: Cut): string[] {
  return [
    `${count(entries, "entry", "entries")} up to checkpoint ${checkpoint} (${until.toISOString()}, ${printable(month)}) left for archives`,
    "NOT VERIFIED: these, and what of ledger and pulls is compared with them; --archives FOLDER does",
  ];
}

/** @returns whether all of it is right that could be verified */
function isWhole({ findings, rest }: VerifiedLog): boolean {
  const { ledger, pulls, bytes } = rest ?? {};
  const wrong = (ledger?.wrong ?? 0) + (pulls?.findings.length ?? 0) + (bytes?.wrong ?? 0);
  return findings.length + wrong === 0;
}

/** @returns exit code: 0 all is right, 1 something is not, 3 some of it could not be verified without archives */
export function exitCodeOf(log: VerifiedLog): number {
  if (!isWhole(log)) return 1;
  return log.cut === null ? 0 : 3;
}

/**
 * @param code - exit code of what was verified before
 * @param found - what was compared beside it, each with how much of it is wrong
 * @returns exit code of all of it
 */
export function codeWith(code: number, found: readonly { readonly wrong: number }[]): number {
  return found.every(({ wrong }) => wrong === 0) ? code : 1;
}

/** @returns what was found of the tags at the registry, for people, a line each */
export function reportTags({ checked, wrong, findings }: VerifiedTags): string[] {
  return [
    `${count(checked, "tag", "tags")} compared with the registry`,
    ...findings.map(
      ({ repository, tag, digest, problem }) =>
        `  ${printable(`${repository}:${tag}`)} is ${digest} in the ledger, ${printable(problem)}`,
    ),
    ...reportMore(wrong - findings.length),
    wrong === 0 ? "every tag has the recorded digest" : `${number(wrong)} TAGS ARE NOT AS RECORDED`,
  ];
}

/** @returns what was found of tags of the registry that the ledger does not know, for people, a line each */
export function reportUnknown({ checked, wrong, findings }: VerifiedUnknown): string[] {
  return [
    `${count(checked, "tag", "tags")} of the registry looked for in the ledger`,
    ...findings.map(
      ({ repository, tag, digest, problem }) =>
        `  ${printable(`${repository}:${tag} is ${digest} at the registry, ${problem}`)}`,
    ),
    ...reportMore(wrong - findings.length),
    wrong === 0
      ? "the ledger knows every tag of the registry"
      : `THE LEDGER DOES NOT KNOW ${count(wrong, "TAG", "TAGS")} OF THE REGISTRY`,
  ];
}

/** @returns what was found of the parts of manifests at the registry, for people, a line each */
export function reportParts({ checked, wrong, findings }: VerifiedParts): string[] {
  return [
    `${count(checked, "manifest", "manifests")} looked into at the registry`,
    ...findings.map(
      ({ repository, digest, problem }) => `  ${printable(`${repository}@${digest} ${problem}`)}`,
    ),
    ...reportMore(wrong - findings.length),
    wrong === 0
      ? "every manifest has all that it needs"
      : `${count(wrong, "MANIFEST LACKS", "MANIFESTS LACK")} SOMETHING (missing-blob)`,
  ];
}

function reportMore(more: number): string[] {
  return more > 0 ? [`  and ${number(more)} more`] : [];
}

function reportFinding({ chain, position, problem, content }: Finding): string[] {
  const apart = position === 0 ? "files on record" : `checkpoint ${position}`;
  const what = chain === null ? apart : `chain ${chain}, entry ${position}`;
  return [`  ${what}: ${printable(problem)}`, ...(content === "" ? [] : [`    ${content}`])];
}

/** Milliseconds will do for people. */
function short(at: string): string {
  return at.replace(/\d{3}Z$/, "Z");
}
