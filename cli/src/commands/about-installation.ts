import { callAs, type AnswerOf } from "../api/described-answers.js";
import type { Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";

type Answer = AnswerOf<"installation.read">;

/** `installation`: versions, what works, and how garbage was collected. */
export const addInstallation: AddCommands = (program, run) => {
  program
    .command("installation")
    .summary("versions, what works, and how garbage was collected")
    .description("As the gateway that answers sees it; for administrators (ADMIN_TEAMS).")
    .addHelpText("after", examples("wharf installation", "wharf installation -o json"))
    .action(
      run(async (shell) =>
        shown(
          await callAs(await shell.client(), { id: "installation.read", path: "/installation" }),
        ),
      ),
    );
};

function shown(answer: Answer): Shown {
  const { gateway, database, registry, checks, warnings, garbage } = answer;
  return {
    kind: "record",
    fields: [
      ["gateway", `Wharfinger ${gateway.version}, Node ${gateway.node}`],
      ["database", `PostgreSQL ${database.version}`],
      ["size", database.bytes, "bytes"],
      ["registry", registry.line ?? "does not answer"],
      ...checks.map(
        ({ name, works, reason }) =>
          ["check", `${name}: ${works ? "works" : (reason ?? "fails")}`] as const,
      ),
      ...warnings.map((warning) => ["warning", warning] as const),
      ["deleted since", `${garbage.deletedSince} manifests`],
      ...(garbage.unproven ? [["garbage", "not proven to be forgotten"] as const] : []),
      ...garbage.steps.map(
        ({ at, step, of, by }) => ["collection", `${at} ${of} ${step} by ${by}`] as const,
      ),
    ],
    value: answer,
  };
}
