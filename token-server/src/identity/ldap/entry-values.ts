import type { Client, Entry } from "ldapts";
import { utf8Of } from "#registry-protocol/text.js";
import { GroupsWithheld } from "./unusable.js";

/** More than that are read of nobody: it would be a directory that never ends. */
const MOST_VALUES = 20_000;

/**
 * @param entry - as it was found; directories give attributes' names in whatever case they like
 * @param attribute - one of its attributes
 * @returns its values that are text
 */
export function valuesOf(entry: Entry, attribute: string): string[] {
  const wanted = attribute.toLowerCase();
  const key = Object.keys(entry).find((name) => name.toLowerCase() === wanted);
  return key === undefined ? [] : textsOf(entry[key]);
}

/**
 * Active Directory gives no more than some 1,500 values of an attribute at once, as `memberOf;range=0-1499`, and the rest
 * when it is asked for it ([MS-ADTS] 3.1.1.3.1.3.3, "Range Retrieval of Attribute Values").
 *
 * @param client - bound as one who may read the entry
 * @param entry - as it was found
 * @param attribute - one of its attributes
 * @returns all of its values that are text
 * @throws GroupsWithheld when the directory does not give the rest, or no end of it
 */
export async function allValuesOf(
  client: Client,
  entry: Entry,
  attribute: string,
): Promise<readonly string[]> {
  const values = valuesOf(entry, attribute);
  let part = partOf(entry, attribute);
  for (;;) {
    values.push(...(part?.values ?? []));
    if (part === null || part.next === null) return values;
    if (values.length > MOST_VALUES)
      throw new GroupsWithheld(`their entry has more than ${MOST_VALUES} values of ${attribute}`);
    part = await readPart(client, entry.dn, attribute, part.next);
  }
}

/** Some of an attribute's values. */
interface Part {
  readonly values: readonly string[];
  /** Number of the first that is missing; `null`: these are the last. */
  readonly next: number | null;
}

async function readPart(
  client: Client,
  dn: string,
  attribute: string,
  from: number,
): Promise<Part> {
  const { searchEntries } = await client.search(dn, {
    scope: "base",
    attributes: [`${attribute};range=${from}-*`],
  });
  const [entry] = searchEntries;
  const part = entry === undefined ? null : partOf(entry, attribute);
  if (part === null || (part.next !== null && part.next <= from))
    throw new GroupsWithheld(
      `the directory gives the values of ${attribute} up to number ${from} alone`,
    );
  return part;
}

function partOf(entry: Entry, attribute: string): Part | null {
  const begin = `${attribute};range=`.toLowerCase();
  const key = Object.keys(entry).find((name) => name.toLowerCase().startsWith(begin));
  const [, last] = /^\d+-(\d+|\*)$/.exec(key?.slice(begin.length) ?? "") ?? [];
  if (key === undefined || last === undefined) return null;
  return { values: textsOf(entry[key]), next: last === "*" ? null : Number(last) + 1 };
}

/** One value that is no text, and the library gives all beside it as bytes. */
function textsOf(value: Entry[string] | undefined): string[] {
  return [value ?? []].flat().flatMap((one) => textOf(one) ?? []);
}

function textOf(value: string | Buffer): string | null {
  return typeof value === "string" ? value : utf8Of(value);
}
