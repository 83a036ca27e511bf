import type { Command } from "commander";
import { callAs, type BodyOf } from "../api/described-answers.js";
import { UsageFault } from "../exit/faults.js";
import { lines, type Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import {
  overRestOrBeside,
  withInstallation,
  withOperator,
  type InstallationOption,
} from "./installation.js";
import { showDead, showOutbox, type Narrowed } from "./outbox-lists.js";
import type { AddCommands, Run, Shell } from "./shell.js";
import { sinceOption, wholeNumber } from "./words.js";

interface OutboxOptions extends InstallationOption, Narrowed {
  readonly event?: string;
  readonly since?: string;
  readonly dead?: boolean;
  readonly waiting?: boolean;
}
type Change = BodyOf<"outbox.change">;

const OPTIONS = {
  sink: ["--sink <name>", "of one sink"],
  repository: ["--repository <name>", "of one repository"],
  event: ["--event <id>", "one event"],
  since: ["--since <time>", "that happened then or later: 90d, 12h, 2026-11-20T12:00:00Z"],
  dead: ["--dead", "what was given up"],
  waiting: ["--waiting", "what waits for the sink"],
} as const;

/** What changes something: its options, what it does, and how that is asked of the registry. */
const CHANGES: readonly (readonly [
  verb: string,
  summary: string,
  options: readonly (keyof typeof OPTIONS)[],
  asked: (options: OutboxOptions) => Record<string, unknown>,
])[] = [
  ["retry", "try now what waits for its next attempt", ["sink", "repository"], () => ({})],
  ["start", "deliver again to a sink that wanted no more", ["sink"], () => ({})],
  [
    "give-up",
    "give up an event that is the first of its queue, or beside it",
    ["event", "sink", "repository"],
    () => ({}),
  ],
  ["skip", "give up whatever is the first of a queue", ["sink", "repository"], () => ({})],
  [
    "replay",
    "deliver again what was given up, one event, or all since then",
    ["dead", "event", "since", "sink", "repository"],
    ({ dead }) => ({ change: dead === true ? "replay-dead" : "replay" }),
  ],
  [
    "discard",
    "give up for good",
    ["dead", "waiting", "sink", "repository", "event", "since"],
    discarded,
  ],
];

/** `outbox`: events on their way to sinks. */
export const addOutbox: AddCommands = (program, run) => {
  const outbox = program
    .command("outbox")
    .summary("events that wait to be delivered")
    .description(
      "Events on their way to sinks, for administrators (ADMIN_TEAMS): asked of the registry that is named, else, or with " +
        "--installation, where the installation is, as npm run outbox.",
    )
    .addHelpText(
      "after",
      examples(
        "wharf outbox list --sink scanner",
        "wharf outbox skip --sink scanner --repository alpha/app",
        "wharf outbox replay --dead --sink scanner",
      ),
    );
  const named = (name: string, summary: string, options: readonly (keyof typeof OPTIONS)[]) =>
    optionsOf(withInstallation(outbox.command(name)).summary(summary), options);
  listing(
    named("list", "what waits, and what stepped out of its queue's way", NARROW),
    run,
    showOutbox,
  );
  listing(named("dead", "what was given up, and why", NARROW), run, showDead);
  for (const [verb, summary, options, asked] of CHANGES)
    optionsOf(withOperator(outbox.command(verb)).summary(summary), options).action(
      run<OutboxOptions>(
        overRestOrBeside({
          ...{ program: "outbox", words: [verb] },
          ask: (shell, said) =>
            change(shell, { change: verb, ...bodyOf(said), ...asked(said) } as Change),
        }),
      ),
    );
};

const NARROW = ["sink", "repository"] as const;
const LIMIT = wholeNumber("a number", 1_000, 1);

function optionsOf(command: Command, names: readonly (keyof typeof OPTIONS)[]): Command {
  for (const name of names) {
    const [flags, description] = OPTIONS[name];
    if (name === "since") command.option(flags, description, sinceOption);
    else command.option(flags, description);
  }
  return command;
}

function listing(
  command: Command,
  run: Run,
  show: (shell: Shell, options: OutboxOptions) => Promise<Shown>,
): void {
  const twofold = { program: "outbox", words: [command.name()], isList: true, ask: show } as const;
  command
    .option("--limit <number>", "how many at most", LIMIT, 50)
    .action(run<OutboxOptions>(overRestOrBeside(twofold)));
}

function bodyOf({ sink, repository, event, since }: OutboxOptions): Record<string, unknown> {
  return { sink, repository, event, since };
}

function discarded({ dead, waiting }: OutboxOptions): Record<string, unknown> {
  if (dead === waiting)
    throw new UsageFault("discard: say --dead or --waiting, so that it is no slip");
  return { change: dead === true ? "discard-dead" : "discard-waiting" };
}

/** Of very many events it takes a while, and what was done stays. */
const MOST_SECONDS = 3_600;

async function change(shell: Shell, body: Change): Promise<Shown> {
  const asked = { id: "outbox.change", method: "POST", path: "/outbox", body } as const;
  const value = await callAs(await shell.client(), { ...asked, seconds: MOST_SECONDS });
  const { events, queues } = value;
  const said = {
    retry: `${queues} queues are tried now, and ${events} events beside theirs`,
    start: queues > 0 ? "it is delivered to again" : "it was not stopped",
    "give-up": `${events} events were given up`,
    skip: `${events} events were given up`,
    replay: `${events} events will be delivered again`,
    "replay-dead": `${events} events will be delivered again`,
    "discard-dead": `${events} events were discarded`,
    "discard-waiting": `${events} events were discarded`,
  };
  return lines(said[body.change], value);
}
