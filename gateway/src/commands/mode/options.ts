import { parseArgs } from "node:util";
import { parseDigest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { ManifestKey } from "../../ledger/sql/tags-of-manifest.js";
import { understood, UsageError } from "#service-kit/command.js";
import { durationSeconds } from "#service-kit/duration.js";
import { usageOf } from "#service-kit/usage.js";

export const USAGE = usageOf({
  about: "Whether anything may be pushed",
  call: "npm run mode --",
  program: "gateway/src/commands/mode/main.js",
  forms: `  show [--json]
      prints the mode, what every gateway has under way, and who holds which lock of the database
  read-only --reason TEXT [--drain DURATION] [--wait DURATION]
      pushes are refused with the reason; uploads that have begun may go on for --drain (60s);
      --wait waits until nothing is under way any more
  normal [--reason TEXT] [--unproven]
      pushes are welcome again; where a canary was written, once every registry process has forgotten it,
      or with --unproven in any case
  canary [--check] [--despite-sha512]
      before garbage is collected: writes a blob that the collection has to remove;
      with --check only says whether it and every registry process have done so; refused where the collection would
      remove what images need, which --despite-sha512 puts up with
  forget GATEWAY
      stops waiting for a gateway that has ended without saying so
  end REPOSITORY:TAG | REPOSITORY@DIGEST
      ends what was begun about a tag or a manifest and cannot be settled, on record; nothing more of it is waited for

  --by NAME is who does it, for the audit log; without it who has become another by sudo, or whose account it is`,
  examples: [
    "show",
    "read-only --reason 'the storage is moved' --drain 5m --wait 10m",
    "end alpha/app:1.0",
    "normal",
  ],
  ends: "0 when it is done, 1 when something was still under way after --wait, 2 when it failed",
  environment: "DB_SUBNAME, DB_USER, DB_PASSWORD, PGSSLMODE; for a canary the gateway's",
});

/** What is asked for, and by whom as far as that was said. */
export type ModeCommand = { readonly by?: string | undefined } & Asked;

type Asked =
  | { readonly name: "show"; readonly json: boolean }
  | {
      readonly name: "read-only";
      readonly reason: string;
      readonly drainSeconds: number;
      readonly waitSeconds: number | null;
    }
  | { readonly name: "normal"; readonly reason: string; readonly unproven: boolean }
  | { readonly name: "canary"; readonly check: boolean; readonly despiteSha512: boolean }
  | { readonly name: "forget"; readonly gateway: string }
  | { readonly name: "end"; readonly what: TagKey | ManifestKey };

const MOST_SECONDS = 86_400;

/**
 * @param argv - arguments
 * @returns the command
 * @throws UsageError that says what is wrong
 */
export function parseCommand(argv: readonly string[]): ModeCommand {
  const { values, positionals } = parsed(argv);
  return { ...askedFor(values, positionals), by: values.by };
}

type Values = ReturnType<typeof parsed>["values"];

function askedFor(values: Values, positionals: readonly string[]): Asked {
  const [name, subject, ...more] = positionals;
  const isOfSubject = name === "forget" || name === "end";
  if (more.length > 0 || (subject !== undefined && !isOfSubject))
    throw new UsageError(`not understood: ${[subject, ...more].join(" ")}`);
  if (name === "show") return { name, json: values.json };
  if (name === "normal")
    return { name, reason: values.reason ?? "back to normal", unproven: values.unproven };
  if (name === "canary")
    return { name, check: values.check, despiteSha512: values["despite-sha512"] };
  if (name === "forget") {
    if (subject === undefined) throw new UsageError("forget: wanted the name of a gateway");
    return { name, gateway: subject };
  }
  if (name === "end") return { name, what: writeOf(subject ?? "") };
  if (name !== "read-only")
    throw new UsageError("wanted one of: show, read-only, normal, canary, forget, end");
  const reason = values.reason?.trim() ?? "";
  if (reason === "" || reason.length > 200)
    throw new UsageError("--reason: wanted a text of at most 200 characters for those who push");
  return {
    name,
    reason,
    drainSeconds: durationSeconds("--drain", values.drain, MOST_SECONDS),
    waitSeconds:
      values.wait === undefined ? null : durationSeconds("--wait", values.wait, MOST_SECONDS),
  };
}

function parsed(argv: readonly string[]) {
  return understood(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        reason: { type: "string" },
        by: { type: "string" },
        drain: { type: "string", default: "60" },
        wait: { type: "string" },
        json: { type: "boolean", default: false },
        unproven: { type: "boolean", default: false },
        check: { type: "boolean", default: false },
        "despite-sha512": { type: "boolean", default: false },
      },
    }),
  );
}

function writeOf(text: string): TagKey | ManifestKey {
  const [, repository = "", mark, rest = ""] = /^([^:@]*)([:@])(.*)$/.exec(text) ?? [];
  try {
    const key = { repository: parseRepositoryName(repository) };
    return mark === "@" ? { ...key, digest: parseDigest(rest) } : { ...key, tag: parseTag(rest) };
  } catch {
    const wanted = "REPOSITORY:TAG or REPOSITORY@DIGEST";
    throw new UsageError(`end: given ${text}, wanted ${wanted}, as mode show names it`);
  }
}
