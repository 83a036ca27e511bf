import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "../api/client.js";
import { callAs, type AnswerOf } from "../api/described-answers.js";
import { CommandFault, UsageFault } from "../exit/faults.js";
import type { Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import {
  asWords,
  overRestOrBeside,
  runBeside,
  withInstallation,
  withOperator,
  type InstallationOption,
} from "./installation.js";
import type { AddCommands, Shell } from "./shell.js";
import { secondsOption } from "./words.js";

type Mode = AnswerOf<"mode.read">;

interface ReadOnlyOptions extends InstallationOption {
  readonly reason: string;
  readonly drain: number;
  readonly wait?: number;
}
interface NormalOptions extends InstallationOption {
  readonly reason?: string;
  readonly unproven?: boolean;
}

/** `mode`: whether anything may be pushed. */
export const addMode: AddCommands = (program, run) => {
  const mode = program
    .command("mode")
    .summary("make the registry read-only, and back")
    .description(
      "Whether anything may be pushed, for administrators (ADMIN_TEAMS): asked of the registry that is named, else, or with " +
        "--installation, where the installation is, as npm run mode. What needs database or registry itself runs there in any case.",
    )
    .addHelpText(
      "after",
      examples(
        "wharf mode show",
        "wharf mode read-only --reason 'the storage is moved' --drain 5m --wait 10m",
        "wharf mode normal",
      ),
    );
  withInstallation(mode.command("show"))
    .summary("the mode, and what every gateway has under way")
    .action(
      run<InstallationOption>(
        overRestOrBeside({
          ...{ program: "mode", words: ["show"], isList: true },
          ask: async (shell) => shown(await readMode(await shell.client())),
        }),
      ),
    );
  withOperator(mode.command("read-only"))
    .summary("refuse pushes, with the reason")
    .requiredOption("--reason <text>", "what those are told who push")
    .option("--drain <duration>", "how long uploads go on that have begun", secondsOption, 60)
    .option("--wait <duration>", "until nothing is under way any more, at most", secondsOption)
    .action(
      run<ReadOnlyOptions>(
        overRestOrBeside({ program: "mode", words: ["read-only"], ask: makeReadOnly }),
      ),
    );
  withOperator(mode.command("normal"))
    .summary("welcome pushes again")
    .option("--reason <text>", "for the record")
    .option("--unproven", "beside the installation: although the registry may remember what went")
    .action(
      run<NormalOptions>(
        overRestOrBeside<NormalOptions>({
          ...{ program: "mode", words: ["normal"], ask: makeNormal },
          staysBeside: ({ unproven }) => unproven === true,
        }),
      ),
    );
  withInstallation(mode.command("canary"))
    .summary("beside the installation: before garbage is collected")
    .option("--check", "only say whether collection and registry are done")
    .option("--despite-sha512", "put up with losing layers that are named by sha512 alone")
    .action(run((shell, _words, options) => beside(shell, ["canary"], options)));
  for (const [name, what, summary] of [
    ["forget", "gateway", "wait no more for a gateway that has ended without saying so"],
    ["end", "write", "end what was begun about REPOSITORY:TAG and cannot be settled"],
  ] as const)
    withOperator(mode.command(`${name} <${what}>`))
      .summary(`beside the installation: ${summary}`)
      .action(run((shell, words, options) => beside(shell, [name, ...words], options)));
};

function beside(shell: Shell, words: readonly string[], options: object): Promise<null> {
  return runBeside(shell, "mode", [...words, ...asWords(options)], options);
}

function readMode(client: Client): Promise<Mode> {
  return callAs(client, { id: "mode.read", path: "/mode" });
}

async function makeReadOnly(
  shell: Shell,
  { reason, drain, wait }: ReadOnlyOptions,
): Promise<Shown> {
  const client = await shell.client();
  const body = { mode: "read-only", reason, drainSeconds: drain } as const;
  const changed = await callAs(client, { id: "mode.change", method: "PUT", path: "/mode", body });
  return shown(wait === undefined ? changed : await atRest(client, wait));
}

const AGAIN_MILLISECONDS = 1_000;

async function atRest(client: Client, seconds: number): Promise<Mode> {
  const end = performance.now() + seconds * 1_000;
  for (;;) {
    const mode = await readMode(client);
    if (mode.atRest) return mode;
    if (performance.now() >= end)
      throw new CommandFault(`still under way after ${seconds} s: ${mode.open.join("; ")}`);
    await pause(AGAIN_MILLISECONDS);
  }
}

async function makeNormal(
  shell: Shell,
  { reason = "back to normal" }: NormalOptions,
): Promise<Shown> {
  if (reason.trim() === "") throw new UsageFault("--reason is empty");
  const body = { mode: "normal", reason, drainSeconds: 0 } as const;
  const client = await shell.client();
  return shown(await callAs(client, { id: "mode.change", method: "PUT", path: "/mode", body }));
}

function shown(mode: Mode): Shown {
  const gateways = mode.gateways.map(
    ({ name, writes, follows, silentSeconds }) =>
      `${name}: ${writes} writes, ${follows ? "follows" : "does not follow yet"}, heard of ${silentSeconds} s ago`,
  );
  return {
    kind: "record",
    fields: [
      ["mode", mode.mode],
      ["reason", mode.reason],
      ["changed by", mode.changedBy],
      ["changed", mode.changedAt, "time"],
      ["at rest", mode.atRest],
      ...mode.open.map((what) => ["open", what] as const),
      ...gateways.map((what) => ["gateway", what] as const),
    ],
    value: mode,
  };
}
