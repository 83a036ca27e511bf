import { parseArgs } from "node:util";
import { RULE_KINDS } from "#access-policy/rule.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { understood, UsageError } from "#service-kit/command.js";
import { pointInTime } from "#service-kit/point-in-time.js";
import { parseAskedImage, type AskedImage } from "../questions/asked-image.js";
import { quarterIn, type Quarter } from "../questions/quarter.js";
import type { Somebody } from "../questions/decision-then.js";
import type { AskedWhoCould } from "../questions/who-could.js";
import { parsed } from "./parsed.js";

/** What an auditor asks, by the word for it. */
export const QUESTIONS = ["who-pulled", "who-could", "changes", "report"] as const;

/** In which form it is answered. */
export type AnswerForm = "text" | "json" | "csv";

/** A question, understood. */
export interface AskedQuestion {
  readonly name: "question";
  readonly form: AnswerForm;
  readonly question:
    | {
        readonly of: "who-pulled";
        readonly image: AskedImage;
        readonly from: Date | null;
        readonly to: Date | null;
      }
    | ({ readonly of: "who-could" } & AskedWhoCould)
    | { readonly of: "changes"; readonly from: Date; readonly to: Date }
    | { readonly of: "report"; readonly quarter: Quarter; readonly now: Date };
}

const ACTIONS = ["pull", "push", "delete"] as const;
const MONTH_MILLISECONDS = 30 * 86_400_000;
const REALM = "/employees";
const text = { type: "string" } as const;
const texts = { type: "string", multiple: true } as const;
const form = {
  json: { type: "boolean", default: false },
  csv: { type: "boolean", default: false },
} as const;

/**
 * @param of - which question
 * @param argv - what follows the word for it
 * @param now - current time in milliseconds since the epoch
 * @returns it, understood
 * @throws UsageError that says what is wrong
 */
export function parseQuestion(
  of: (typeof QUESTIONS)[number],
  argv: readonly string[],
  now: number,
): AskedQuestion {
  switch (of) {
    case "who-pulled":
      return whoPulled(argv, now);
    case "who-could":
      return whoCould(argv, now);
    case "changes":
      return changes(argv, now);
    case "report":
      return report(argv, now);
  }
}

function whoPulled(argv: readonly string[], now: number): AskedQuestion {
  const options = { from: text, to: text, ...form };
  const { values, positionals } = understood(() =>
    parseArgs({ args: [...argv], options, allowPositionals: true }),
  );
  const [word] = only(positionals, 1, "REPOSITORY@DIGEST, DIGEST or REPOSITORY:TAG");
  const image = needed(parsed("who-pulled", word, parseAskedImage));
  const stretch = { from: time("--from", values.from, now), to: time("--to", values.to, now) };
  return question(values, { of: "who-pulled", image, ...stretch });
}

function whoCould(argv: readonly string[], now: number): AskedQuestion {
  const asked = { at: text, uid: text, realm: text, kind: text, address: text };
  const options = { ...asked, team: texts, scope: texts, ...form };
  const { values, positionals } = understood(() =>
    parseArgs({ args: [...argv], options, allowPositionals: true }),
  );
  const [verb, word = ""] = only(positionals, 2, "pull, push or delete, and REPOSITORY");
  const action = ACTIONS.find((one) => one === verb);
  if (action === undefined)
    throw new UsageError(`who-could: given ${verb ?? ""}, wanted one of ${ACTIONS.join(", ")}`);
  const [name = "", tag] = word.split(":");
  return question(values, {
    ...{ of: "who-could", action, at: time("--at", values.at, now) ?? new Date(now) },
    repository: needed(parsed("who-could", name, parseRepositoryName)),
    tag: parsed("who-could", tag, parseTag),
    somebody: values.uid === undefined ? null : somebodyIn({ ...values, uid: values.uid }),
  });
}

function somebodyIn(said: {
  readonly uid: string;
  readonly realm?: string | undefined;
  readonly kind?: string | undefined;
  readonly address?: string | undefined;
  readonly team?: readonly string[] | undefined;
  readonly scope?: readonly string[] | undefined;
}): Somebody {
  const { uid, realm = REALM, kind: named = "oauth2", address = null } = said;
  const kind = RULE_KINDS.find((one) => one === named);
  if (kind === undefined)
    throw new UsageError(`--kind: given ${named}, wanted one of ${RULE_KINDS.join(", ")}`);
  return { uid, realm, kind, address, scopes: said.scope ?? [], teams: said.team ?? null };
}

function changes(argv: readonly string[], now: number): AskedQuestion {
  const options = { from: text, to: text, ...form };
  const { values } = understood(() => parseArgs({ args: [...argv], options }));
  const to = time("--to", values.to, now) ?? new Date(now);
  const from = time("--from", values.from, now) ?? new Date(to.getTime() - MONTH_MILLISECONDS);
  if (from >= to) throw new UsageError("--from is not before --to");
  return question(values, { of: "changes", from, to });
}

function report(argv: readonly string[], now: number): AskedQuestion {
  const options = { quarter: text, ...form };
  const { values } = understood(() => parseArgs({ args: [...argv], options }));
  const today = new Date(now);
  const current = `${today.getUTCFullYear()}Q${Math.floor(today.getUTCMonth() / 3) + 1}`;
  const quarter = quarterIn(values.quarter ?? current);
  if (quarter === null)
    throw new UsageError(`--quarter: given ${values.quarter ?? ""}, wanted one as in 2026Q4`);
  if (quarter.from > today) throw new UsageError(`--quarter: ${quarter.name} has not begun`);
  return question(values, { of: "report", quarter, now: today });
}

function question(
  { json, csv }: { readonly json: boolean; readonly csv: boolean },
  asked: AskedQuestion["question"],
): AskedQuestion {
  if (json && csv) throw new UsageError("--json and --csv: only one of them");
  return { name: "question", form: json ? "json" : csv ? "csv" : "text", question: asked };
}

function only(words: readonly string[], count: number, wanted: string): readonly string[] {
  if (words.length === count) return words;
  throw new UsageError(`given ${words.length} words, wanted ${wanted}`);
}

function time(option: string, given: string | undefined, now: number): Date | null {
  return given === undefined ? null : pointInTime(option, given, now);
}

function needed<T>(value: T | null): T {
  if (value === null) throw new UsageError("wanted a name");
  return value;
}
