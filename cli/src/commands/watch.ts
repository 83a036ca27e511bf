import { once } from "node:events";
import { Writable } from "node:stream";
import type { Named } from "../api/described-answers.js";
import { followEvents } from "../api/follow-events.js";
import { exactText, shortDigest, shortTime } from "../output/cells.js";
import type { Form } from "../output/shown.js";
import { pad, printable, styled } from "../output/text.js";
import { yamlOf } from "../output/yaml.js";
import { examples } from "./examples.js";
import type { AddCommands, Shell } from "./shell.js";
import { oneOf, plainWord, wholeNumber } from "./words.js";

/** What happened, or `missed`: that something may be missing. */
type Told = Named<"Event"> | Named<"Missed">;
/** With what says how to go on behind it. */
type Seen = Named<"Event"> & { readonly cursor: string | null };

interface WatchOptions {
  readonly team?: string;
  readonly action?: string;
  readonly after?: string;
  readonly count?: number;
}

const ACTIONS = ["push", "delete", "lock"] as const;
const WIDEST_ACTION = 6;
const MISSED: Readonly<Record<string, string>> = {
  forgotten: "what happened since is not all kept any more",
  restored: "the registry's database was given an older state back",
};

/** `watch`: pushes, deletions and locks as they happen. */
export const addWatch: AddCommands = (program, run) => {
  program
    .command("watch [reference] [artifact] [tag]")
    .summary("pushes, deletions and locks as they happen")
    .description(
      "Shows pushes, deletions and locks as they are committed, of one repository, or of all that the caller may pull. " +
        "Each is a line: readable on a terminal, else JSON, where `cursor` says how to go on behind it. A stream that breaks off is gone on with, without " +
        "a loss; after ten attempts in vain it ends with 1. Ctrl-C ends it with 0.",
    )
    .option("--team <team>", "of its repositories alone")
    .option("--action <action>", ACTIONS.join(", "), oneOf(ACTIONS))
    .option("--after <cursor>", "go on behind an event that was seen before")
    .option("--count <number>", "end after so many", wholeNumber("a number", 1_000_000, 1))
    .addHelpText(
      "after",
      examples(
        "wharf watch",
        "wharf watch alpha/app --action push --count 1",
        'wharf watch --team alpha | while read -r event; do ./deploy.sh "$event"; done',
      ),
    )
    .action(run<WatchOptions>((shell, words, options) => watch(shell, words, options)));
};

async function watch(
  shell: Shell,
  words: readonly string[],
  { team, action, after, count = Infinity }: WatchOptions,
): Promise<null> {
  const { terminal } = shell.machine;
  const reference = words.length === 0 ? null : shell.reference(words);
  const asked = {
    ...(reference === null ? {} : { repository: reference.repository }),
    ...(team === undefined ? {} : { team: plainWord(team, "TEAM") }),
    ...(action === undefined ? {} : { action }),
  };
  const query = new URLSearchParams(asked).toString();
  const stop = new AbortController();
  const end = () => {
    stop.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  const say = (line: string) => terminal.err.write(`wharf: ${printable(line)}\n`);
  const form = shell.globals.output ?? (terminal.isInteractive ? "table" : "json");
  let seen = 0;
  try {
    const events = followEvents(() => shell.connect(), {
      ...{ target: `/api/v1/events${query === "" ? "" : `?${query}`}`, after: after ?? null },
      ...{ signal: stop.signal, say },
    });
    for await (const { id, name, data } of events) {
      const told = JSON.parse(data) as Told;
      if (!("action" in told)) {
        const { reason } = told;
        say(`something may be missing: ${MISSED[reason] ?? reason}`);
        if (form === "json") await write(terminal.out, JSON.stringify({ action: name, reason }));
        continue;
      }
      if (reference?.tag != null && told.tag !== reference.tag) continue;
      await write(terminal.out, lineOf({ ...told, cursor: id }, form, terminal.hasColours));
      seen += 1;
      if (seen >= count) break;
    }
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, end);
    end();
  }
  return null;
}

/** Whoever reads slowly is not written to faster. */
async function write(out: { write(text: string): unknown }, line: string): Promise<void> {
  if (out.write(`${line}\n`) === false && out instanceof Writable) await once(out, "drain");
}

function lineOf(event: Seen, form: Form, hasColours: boolean): string {
  const { at, action, repository, tag, digest, by } = event;
  switch (form) {
    case "json":
      return JSON.stringify(event);
    case "yaml":
      return `---\n${yamlOf(event).trim()}`;
    case "tsv":
      return [at, action, repository, tag, digest, by.uid].map(exactText).join("\t");
    case "table": {
      const name = `${repository}${tag === null ? "" : `:${tag}`}`;
      const who = by.uid === "" ? "-" : by.uid;
      const said = [`${shortTime(at)}${at.slice(16, 19)}`, action, name, digest ?? "-", who];
      const [when = "", what = "", where = "", which = "", whom = ""] = said.map(printable);
      return [
        ...[when, pad(what, WIDEST_ACTION), styled("bold", where, hasColours)],
        ...[shortDigest(which), whom],
      ].join("  ");
    }
  }
}
