import { sqlParts } from "./sql-conditions.js";

/** Words of an SQL text, and what stands in their place. */
interface SqlChange {
  readonly start: number;
  readonly end: number;
  readonly words: string;
}

/** What is looked for in conditions alone: elsewhere `=` gives a column its value. */
const IN_CONDITIONS: readonly (readonly [RegExp, string])[] = [
  [/(?<![<>!=:|])=(?![>=])/g, "<>"],
  [/<>/g, "="],
  [/<=/g, "<"],
  [/>=/g, ">"],
  [/<(?![=>@])/g, "<="],
  [/(?<![<=\-@])>(?![=>])/g, ">="],
  [/\bis null\b/gi, "is not null"],
  [/\bis not null\b/gi, "is null"],
  [/\bnot exists\b/gi, "exists"],
  [/(?<!not )\bexists\b/gi, "not exists"],
  [/\bor\b/gi, "and"],
];

const ANYWHERE: readonly (readonly [RegExp, string])[] = [
  [/\bfor (?:no key )?update(?: of \w+)?(?: skip locked| nowait)?/gi, ""],
  [/\bskip locked\b/gi, ""],
  [/\bdesc\b/gi, "asc"],
  [/\bgreatest\(/gi, "least("],
  [/\bleast\(/gi, "greatest("],
  [/\blimit (?:\$\d+|\d+)/gi, ""],
  [/\bdistinct(?! from| on)\b/gi, ""],
  [/\bunion all\b/gi, "union"],
];

/**
 * @param sql - text of a statement, `${…}` and all
 * @returns what can be written otherwise in it; nothing that lies in `${…}` or in quotes
 */
export function sqlChanges(sql: string): SqlChange[] {
  const conditions = sqlParts(sql).filter(({ kind }) => kind === "every row");
  if (!/^\s*(?:select|insert|update|delete|with)\b/i.test(sql)) return [];
  const hidden = hiddenParts(sql);
  const isFree = ({ start }: SqlChange) =>
    !hidden.some((part) => part.start <= start && start < part.end);
  const changes = [
    ...matches(sql, ANYWHERE),
    ...conditions.flatMap((part) =>
      matches(sql.slice(part.start, part.end), IN_CONDITIONS).map((change) => ({
        ...change,
        start: change.start + part.start,
        end: change.end + part.start,
      })),
    ),
    ...conditions.map(({ start, end }) => ({ start, end, words: "false" })),
  ].filter(isFree);
  // A condition within another one is found twice.
  const places = changes.map(({ start, end, words }) => `${start} ${end} ${words}`);
  return changes.filter((_change, at) => places.indexOf(places[at] ?? "") === at);
}

function matches(sql: string, rules: readonly (readonly [RegExp, string])[]): SqlChange[] {
  return rules.flatMap(([pattern, words]) =>
    [...sql.matchAll(pattern)].map(({ index, 0: found }) => ({
      start: index,
      end: index + found.length,
      words,
    })),
  );
}

/** `${…}` is no text yet; what is in quotes is no word of SQL, and a comment is none either. */
function hiddenParts(sql: string): { start: number; end: number }[] {
  return [...sql.matchAll(/\$\{[^}]*\}|'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g)].map(
    ({ index, 0: found }) => ({ start: index, end: index + found.length }),
  );
}
