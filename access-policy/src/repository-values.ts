import { HIGHEST_RANK, type Condition } from "./conditions.js";
import { componentAt, type Glob } from "./glob.js";
import { matchesGlob } from "./glob-match.js";
import type { Question } from "./question.js";
import { valuesOf, whyOther } from "./template.js";

/**
 * The condition that templates stand for what is in the repository's name.
 *
 * @param globs - patterns of a rule
 * @returns that condition, `null` when none of the patterns has a template
 */
export function repositoryValues(globs: readonly Glob[]): Condition | null {
  if (globs.every(({ variables }) => variables.length === 0)) return null;
  return {
    about: "repository",
    rank: HIGHEST_RANK,
    holds: (question) => {
      const { teams } = question;
      if (globs.some((glob) => fits(glob, question, teams ?? []))) return true;
      return teams === null && globs.some((glob) => fits(glob, question, null)) && "teams-needed";
    },
    whyNot: (question) => whyNot(globs, question),
  };
}

/**
 * @param globs - patterns of a rule
 * @param question - what is asked, with teams
 * @returns the team of the caller that the repository's name fits
 */
export function fittingTeam(globs: readonly Glob[], question: Question): string | undefined {
  const templated = globs.filter(({ variables }) => variables.includes("team"));
  return question.teams?.find((team) => templated.some((glob) => fits(glob, question, [team])));
}

function fits(glob: Glob, { identity, repository }: Question, teams: Question["teams"]): boolean {
  return matchesGlob(glob, repository ?? "", (variable) => valuesOf(variable, identity, teams));
}

function whyNot(globs: readonly Glob[], { identity, repository, teams }: Question): string {
  const name = repository ?? "";
  for (const glob of globs.filter((candidate) => matchesGlob(candidate, name)))
    for (const variable of glob.variables) {
      const wanted = componentAt(glob, variable, name);
      const values = valuesOf(variable, identity, teams) ?? [];
      if (wanted !== null && !values.includes(wanted))
        return whyOther(variable, wanted, identity, teams);
    }
  return `${name} is not among the repositories of this login`;
}
