import type { Guard } from "./guard.js";

/** Name of the function that says whether a guard is taken out, within a module with guards. */
const ASK = "$isOut";

/** A guard and the number by which it is called. */
export type NumberedGuard = Guard & { readonly number: number };

/**
 * All guards of a module are made removable at once, so that it is compiled once and not once for each.
 *
 * @param text - a module
 * @param guards - its guards
 * @param from - module that exports `isTakenOut(number)`
 * @returns the module's text, in which each guard is as it was until it is taken out
 */
export function instrument(text: string, guards: readonly NumberedGuard[], from: string): string {
  const inserts = guards.flatMap((guard) => insertsFor(guard));
  // Around one place the wider expression opens first and closes last.
  inserts.sort((a, b) => a.at - b.at || a.rank - b.rank);
  let made = "";
  let done = 0;
  for (const { at, added } of inserts) {
    made += text.slice(done, at) + added;
    done = at;
  }
  return `import { isTakenOut as ${ASK} } from "${from}";\n${made}${text.slice(done)}`;
}

interface Insert {
  readonly at: number;
  readonly added: string;
  readonly rank: number;
}

function insertsFor(guard: NumberedGuard): Insert[] {
  const { start, end } = guard;
  const [before, after] = around(guard);
  return [
    { at: start, added: before, rank: 1_000_000 - (end - start) },
    { at: end, added: after, rank: -1_000_000 + (end - start) },
  ];
}

function around({ number, removal }: NumberedGuard): readonly [string, string] {
  const isOut = `${ASK}(${number})`;
  const sql = (words: string) => {
    const value = `(${isOut} ? "${words}" : "")`;
    return "isTemplate" in removal && removal.isTemplate ? `\${${value}}` : `" + ${value} + "`;
  };
  switch (removal.to) {
    case "nothing":
      return [`{ if (!${isOut}) `, " }"];
    case "other":
      return [`(${isOut} ? (${removal.code}) : (`, "))"];
    // What was there becomes a comment, in which there may be others.
    case "other words":
      return [sql(` ${removal.words} /* `), sql(" */ ")];
    case "every row":
      return [sql("("), sql(" or true)")];
    case "no bound":
      return [sql("case when true then null else "), sql(" end")];
    default:
      return [`(${isOut} ? ${removal.to} : (`, "))"];
  }
}
