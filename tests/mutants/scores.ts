import { lineOf } from "./known.js";
import type { Guard } from "./guard.js";
import type { Outcome } from "./notice.js";

/**
 * @param mutants - those that were made
 * @param outcomes - what became of them, by id
 * @param reasons - of survivors that stay, by how they are written there
 * @returns how many were noticed in each folder, and every survivor without a reason, in Markdown
 */
export function scoresOf(
  mutants: readonly Guard[],
  outcomes: ReadonlyMap<string, Outcome>,
  reasons: ReadonlyMap<string, string>,
): string {
  const asked = mutants.filter(({ id }) => outcomes.has(id));
  const folders = [...new Set(asked.map(folderOf))].sort();
  const is = (mutant: Guard) => (isNoticed(outcomes.get(mutant.id)) ? "noticed" : "not");
  const row = (name: string, own: readonly Guard[]) => {
    const noticed = own.filter((mutant) => is(mutant) === "noticed").length;
    const reasoned = own.filter(
      (mutant) => is(mutant) === "not" && reasons.has(lineOf(mutant)),
    ).length;
    const score = own.length === 0 ? 100 : (100 * noticed) / own.length;
    return `| ${name} | ${own.length} | ${noticed} | ${reasoned} | ${own.length - noticed - reasoned} | ${score.toFixed(1)} % |`;
  };
  const open = asked.filter((mutant) => is(mutant) === "not" && !reasons.has(lineOf(mutant)));
  return [
    "| where | mutants | noticed | reasoned | neither | noticed |",
    "|---|---|---|---|---|---|",
    ...folders.map((folder) =>
      row(
        folder,
        asked.filter((mutant) => folderOf(mutant) === folder),
      ),
    ),
    row("all", asked),
    "",
    ...open.map((mutant) => `${lineOf(mutant)} (line ${mutant.line})`),
  ].join("\n");
}

/** What never ends without a place, or cannot even be loaded, is noticed by whoever runs it. */
function isNoticed(outcome: Outcome | undefined): boolean {
  return outcome !== undefined && ["noticed", "waited for", "not shown"].includes(outcome.is);
}

function folderOf({ file }: Guard): string {
  const parts = file.split("/").slice(0, -1);
  return parts.slice(0, parts[0] === "gateway" ? 3 : 2).join("/");
}
