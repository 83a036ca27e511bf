import { parseArgs } from "node:util";
import { parseDigest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { understood, UsageError } from "#service-kit/command.js";
import { limitOption } from "#service-kit/limit-option.js";
import { pointInTime } from "#service-kit/point-in-time.js";
import { monthIn, type Month } from "../archive/archive-form.js";
import { AUDIT_ACTIONS, type AuditAction } from "../entry.js";
import { FOLLOWED_FILES } from "../facts.js";
import type { EntryFilter } from "../sql/entries.js";
import { parsed } from "./parsed.js";
import { parseQuestion, QUESTIONS, type AskedQuestion } from "./question-options.js";
import type { KeptCheckpoint } from "../verify/walk-checkpoints.js";

/** What is asked for. */
export type AuditCommand =
  | AskedQuestion
  | {
      readonly name: "policy";
      readonly at: Date;
      readonly of: keyof typeof FOLLOWED_FILES;
    }
  | { readonly name: "settings"; readonly at: Date }
  | {
      readonly name: "archive";
      readonly month: Month;
      readonly folder: string;
      /** Whether its entries leave the log, and who says so as far as that was said. */
      readonly removal: { readonly by: string | undefined } | null;
    }
  | {
      readonly name: "verify";
      /** Folder of archives that are verified, too; `null`: none. */
      readonly archive: string | null;
      readonly registry: {
        readonly url: string | null;
        /** Whether the parts of all manifests are looked for, too. */
        readonly blobs: boolean;
      } | null;
      readonly kept: readonly KeptCheckpoint[];
    }
  | {
      readonly name: "list";
      readonly filter: EntryFilter;
      /** `null` for all. */ readonly limit: number | null;
      readonly json: boolean;
    };

/**
 * @param argv - arguments
 * @param now - current time in milliseconds since the epoch
 * @returns the command
 * @throws UsageError that says what is wrong
 */
export function parseCommand(argv: readonly string[], now: number): AuditCommand {
  const [name, ...rest] = argv;
  // `npm run audit` lists, unless it is told what else.
  const [asked = "", ...more] = name === "list" && isNamed(rest[0]) ? rest : argv;
  if (asked === "verify") return parseVerify(more);
  if (asked === "policy") return parsePolicy(more, now);
  if (asked === "settings") return { name: "settings", at: momentIn(more, now) };
  const question = QUESTIONS.find((one) => one === asked);
  if (asked === "archive") return parseArchive(more);
  if (question !== undefined) return parseQuestion(question, more, now);
  if (asked === "list") return parseList(more, now);
  throw new UsageError(
    `${name === undefined ? "" : `given ${name}, `}wanted one of: ${[...NAMES].join(", ")}`,
  );
}

const NAMES = ["verify", "list", "policy", "settings", "archive", ...QUESTIONS] as const;

const isNamed = (word: string | undefined) => NAMES.some((name) => name === word);

function parsePolicy(argv: readonly string[], now: number): AuditCommand {
  const options = { at: { type: "string" }, of: { type: "string", default: "access" } } as const;
  const { values } = understood(() => parseArgs({ args: [...argv], options }));
  const of = Object.keys(FOLLOWED_FILES).find((one) => one === values.of);
  if (of === undefined)
    throw new UsageError(`--of: given ${values.of}, wanted access, tags or logins`);
  return { name: "policy", at: moment(values.at, now), of: of as keyof typeof FOLLOWED_FILES };
}

function momentIn(argv: readonly string[], now: number): Date {
  const options = { at: { type: "string" } } as const;
  return moment(understood(() => parseArgs({ args: [...argv], options })).values.at, now);
}

function moment(text: string | undefined, now: number): Date {
  return text === undefined ? new Date(now) : pointInTime("--at", text, now);
}

function parseArchive(argv: readonly string[]): AuditCommand {
  const options = {
    month: { type: "string" },
    to: { type: "string" },
    remove: { type: "boolean", default: false },
    by: { type: "string" },
  } as const;
  const { values } = understood(() => parseArgs({ args: [...argv], options }));
  const month = monthIn(values.month ?? "");
  if (month === null)
    throw new UsageError(`--month: given ${values.month ?? "none"}, wanted one as in 2026-10`);
  if (values.to === undefined) throw new UsageError("--to: wanted a folder");
  if (values.by !== undefined && !values.remove) throw new UsageError("--by: wanted --remove, too");
  const removal = values.remove ? { by: values.by } : null;
  return { name: "archive", month, folder: values.to, removal };
}

function parseVerify(argv: readonly string[]): AuditCommand {
  // The URL is optional, which parseArgs does not know.
  const args = argv.map((arg, index) => {
    const bare = arg === "--registry" && (argv[index + 1] ?? "--").startsWith("--");
    return bare ? "--registry=" : arg;
  });
  const { values } = understood(() =>
    parseArgs({
      args,
      options: {
        registry: { type: "string" },
        parts: { type: "boolean", default: false },
        blobs: { type: "boolean", default: false },
        kept: { type: "string", multiple: true },
        archive: { type: "string" },
      },
    }),
  );
  const { registry, kept = [], archive = null } = values;
  const blobs = values.parts || values.blobs;
  if (blobs && registry === undefined)
    throw new UsageError(`--${values.parts ? "parts" : "blobs"}: wanted --registry, too`);
  if (registry !== undefined && registry !== "" && !/^https?:\/\/./.test(registry))
    throw new UsageError(`--registry: given ${registry}, wanted an http:// or https:// URL`);
  return {
    ...{ name: "verify", archive },
    registry: registry === undefined ? null : { url: registry.replace(/\/+$/, "") || null, blobs },
    kept: kept.map(parseKept),
  };
}

function parseList(args: readonly string[], now: number): AuditCommand {
  const { values } = understood(() =>
    parseArgs({
      args: [...args],
      options: {
        since: { type: "string", default: "1970-01-01" },
        until: { type: "string", default: "9999-12-31" },
        repository: { type: "string" },
        action: { type: "string" },
        actor: { type: "string" },
        tag: { type: "string" },
        digest: { type: "string" },
        limit: { type: "string" },
        json: { type: "boolean", default: false },
      },
    }),
  );
  const { actor = null, json } = values;
  const since = pointInTime("--since", values.since, now);
  const until = pointInTime("--until", values.until, now);
  if (since >= until)
    throw new UsageError(`--since ${values.since} is not before --until ${values.until}`);
  const filter = {
    ...{ since, until, actor },
    action: known(values.action),
    repository: parsed("--repository", values.repository, parseRepositoryName),
    tag: parsed("--tag", values.tag, parseTag),
    digest: parsed("--digest", values.digest, parseDigest),
  };
  return {
    name: "list",
    filter,
    limit: values.limit === undefined ? null : limitOption(values.limit),
    json,
  };
}

function known(action: string | undefined): AuditAction | null {
  if (action === undefined) return null;
  const found = AUDIT_ACTIONS.find((one) => one === action);
  if (found === undefined)
    throw new UsageError(`--action: given ${action}, wanted one of ${AUDIT_ACTIONS.join(", ")}`);
  return found;
}

function parseKept(text: string): KeptCheckpoint {
  const [, number, sha256] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number === undefined || sha256 === undefined)
    throw new UsageError(`--kept: given ${text}, wanted NUMBER:SHA256 as the gateway logged it`);
  return { number: Number(number), sha256 };
}
