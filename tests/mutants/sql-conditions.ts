/** A part of an SQL text that narrows what a statement is about. */
export interface SqlPart {
  readonly kind: "every row" | "no bound";
  readonly start: number;
  readonly end: number;
}

const STATEMENT = /^\s*(?:select|insert|update|delete|with)\b/i;
const CLAUSE_END =
  /^(?:group by|order by|limit|returning|on conflict|for update|for share|union|offset|window)\b/i;

/** Each part of what is written without a statement around it compares something. */
const CONDITION = /[=<>]|\b(?:is|exists|any|like|in)\b|\$\{/i;
/** In these an `and` joins no conditions. */
const OTHER_AND = /\b(?:case|between)\b/i;

/**
 * @param sql - text of a statement, or of a piece of one, `${…}` and all
 * @param mayBePiece - whether a text that is no statement may be a piece of one; else it is something else
 * @returns the conditions of its `where` clauses and the bounds in `least(…)`, by their places in the text; of a piece also the
 *   conditions that it is made of, which stand in the `where` clauses of others
 */
export function sqlParts(sql: string, mayBePiece = false): SqlPart[] {
  if (STATEMENT.test(sql)) return [...conditionsIn(sql), ...boundsIn(sql)];
  return mayBePiece ? [...conditionsIn(sql), ...boundsIn(sql), ...joinedIn(sql)] : [];
}

/** One condition alone is asked about where it is used. */
function joinedIn(sql: string): SqlPart[] {
  const parts = conditionsFrom(sql, 0);
  const isOf = ({ start, end }: SqlPart) => CONDITION.test(sql.slice(start, end));
  return parts.length > 1 && parts.every(isOf) && !OTHER_AND.test(sql) ? parts : [];
}

function conditionsIn(sql: string): SqlPart[] {
  return [...sql.matchAll(/\bwhere\b/gi)].flatMap(({ index }) =>
    conditionsFrom(sql, index + "where".length),
  );
}

function conditionsFrom(sql: string, from: number): SqlPart[] {
  return split(sql, from, /^and\b/i).map((part) => ({ kind: "every row", ...part }));
}

function boundsIn(sql: string): SqlPart[] {
  return [...sql.matchAll(/\bleast\(/gi)].flatMap(({ index }) => {
    const from = index + "least(".length;
    return split(sql, from, /^,/).map((part) => ({ kind: "no bound" as const, ...part }));
  });
}

/** Up to the end of the clause, or of the bracket that it is in. */
function split(sql: string, from: number, at: RegExp): { start: number; end: number }[] {
  const parts: { start: number; end: number }[] = [];
  let depth = 0;
  let start = from;
  let index = from;
  for (; index < sql.length; index += 1) {
    const rest = sql.slice(index, index + 12);
    const isWordStart = !/\w/.test(sql[index - 1] ?? " ");
    if (/^[({]/.test(rest)) depth += 1;
    else if (/^[)}]/.test(rest)) depth -= 1;
    if (depth < 0 || (depth === 0 && isWordStart && CLAUSE_END.test(rest))) break;
    const separator =
      depth === 0 && (isWordStart || rest.startsWith(",")) ? at.exec(rest)?.[0] : undefined;
    if (separator === undefined) continue;
    parts.push({ start, end: index });
    start = index + separator.length;
  }
  parts.push({ start, end: index });
  return parts.map((part) => trimmed(sql, part)).filter(({ start: a, end: b }) => a < b);
}

function trimmed(sql: string, { start, end }: { start: number; end: number }) {
  const text = sql.slice(start, end);
  return {
    start: start + text.length - text.trimStart().length,
    end: end - (text.length - text.trimEnd().length),
  };
}
