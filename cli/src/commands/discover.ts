import type { ItemOf } from "../api/described-answers.js";
import { readItems } from "../api/pages.js";
import type { Row } from "../output/shown.js";
import { examples } from "./examples.js";
import { runBeside, withInstallation, type InstallationOption } from "./installation.js";
import type { AddCommands } from "./shell.js";
import { oneOf, wholeNumber } from "./words.js";

const KINDS = ["drifted", "missing", "absent", "incomplete", "adopted"] as const;

/** `discover`: what differs between ledger and registry. */
export const addDiscover: AddCommands = (program, run) => {
  const discover = program
    .command("discover")
    .summary("where ledger and registry differ")
    .description(
      "What passes of discovery found, and such a pass now. Without findings it runs where the installation is, with its " +
        "variables: the same as npm run discover, to which all words go. wharf discover -- --help shows which.",
    )
    .addHelpText(
      "after",
      examples(
        "wharf discover findings",
        "wharf discover findings alpha/app --kind drifted",
        "wharf discover --all --dry-run",
      ),
    );
  discover
    .command("findings [repository] [artifact]")
    .summary("what passes found and is so still")
    .description(
      "What passes found and is so still, in repositories that the caller may pull: tags that mean something else at the registry, " +
        "that it lacks, manifests that lack a part, and tags that nobody pushed here.",
    )
    .option("--kind <kind>", `one of ${KINDS.join(", ")}`, oneOf(KINDS))
    .option("--limit <number>", "how many at most", wholeNumber("a number", 1_000_000, 1), 1_000)
    .action(
      run<{ kind?: string; limit: number }>(async (shell, words, { kind, limit }) => {
        const repository = words.length === 0 ? undefined : shell.reference(words).repository;
        const asked = { query: { kind, repository }, limit };
        const found = await readItems<"discovery.findings">(
          await shell.client(),
          "/discovery/findings",
          asked,
        );
        return {
          kind: "list",
          columns: [
            { key: "kind" },
            { key: "what", kind: "name" },
            { key: "ledger", kind: "digest" },
            { key: "registry", kind: "digest" },
            { key: "since", kind: "time", drop: 1 },
          ],
          rows: found.items.map(rowOf),
          ...{ value: found.items, empty: "ledger and registry agree", hasMore: found.hasMore },
        };
      }),
    );
  withInstallation(discover.command("pass [words...]", { isDefault: true }))
    .summary("beside the installation: compare them now")
    .allowUnknownOption()
    .action(
      run<InstallationOption>((shell, words, options) =>
        runBeside(shell, "discover", words, options),
      ),
    );
};

function rowOf(finding: ItemOf<"discovery.findings">): Row {
  const { kind, repository, tag, digest, found, part, since } = finding;
  return {
    ...{ kind, what: tag === null ? `${repository}@${digest}` : `${repository}:${tag}` },
    ...{ ledger: tag === null ? part : digest, registry: found ?? "-", since },
  };
}
