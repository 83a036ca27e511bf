import { utf8Of } from "#registry-protocol/text.js";

/** RFC 4514, section 2.4: these stand for themselves behind a backslash; so do they in what older servers write. */
const SPECIAL = /^[ "#+,;<=>\\]$/;
const HEX_PAIR = /^[0-9A-Fa-f]{2}$/;
/** RFC 4514, section 2.3: short name or dotted numbers. */
const TYPE = /^\s*(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)\s*=[ ]*/;

/**
 * The value of the first attribute of a distinguished name's first part: `cn=Dev\, Payments,ou=teams,dc=example` is
 * called `Dev, Payments`. Understands what RFC 4514 lets a server write, and the quotation marks of RFC 2253, section 4.
 *
 * @param dn - as a directory writes it in `memberOf`
 * @returns the value without its escapes; `null` where it is no distinguished name, or its value is no text
 */
export function firstValueOf(dn: string): string | null {
  const type = TYPE.exec(dn)?.[0];
  if (type === undefined) return null;
  const written = dn.slice(type.length);
  // A value in the form of its encoding: of an attribute whose values are no text.
  if (written.startsWith("#")) return null;
  return written.startsWith('"') ? quotedValue(written) : plainValue(written);
}

function plainValue(written: string): string | null {
  const bytes: Buffer[] = [];
  /** How much stands before the spaces that the value's end would hide. */
  let kept = 0;
  for (let at = 0; at < written.length;) {
    const one = String.fromCodePoint(written.codePointAt(at) ?? 0);
    if (one === "," || one === "+" || one === ";") break;
    if (one === '"') return null;
    const escaped = one === "\\" ? escapedAt(written, at) : null;
    if (one === "\\" && escaped === null) return null;
    bytes.push(escaped?.bytes ?? Buffer.from(one));
    if (one !== " ") kept = bytes.length;
    at += escaped?.length ?? one.length;
  }
  return textOf(bytes.slice(0, kept));
}

function quotedValue(written: string): string | null {
  const bytes: Buffer[] = [];
  for (let at = 1; at < written.length;) {
    const one = String.fromCodePoint(written.codePointAt(at) ?? 0);
    if (one === '"') return /^ *(?:$|[,+;])/.test(written.slice(at + 1)) ? textOf(bytes) : null;
    const escaped = one === "\\" ? escapedAt(written, at) : null;
    if (one === "\\" && escaped === null) return null;
    bytes.push(escaped?.bytes ?? Buffer.from(one));
    at += escaped?.length ?? one.length;
  }
  return null;
}

/** What stands at a backslash, and how many characters it takes. */
function escapedAt(text: string, at: number): { bytes: Buffer; length: number } | null {
  const pair = text.slice(at + 1, at + 3);
  if (HEX_PAIR.test(pair)) return { bytes: Buffer.from(pair, "hex"), length: 3 };
  const one = text.slice(at + 1, at + 2);
  return SPECIAL.test(one) ? { bytes: Buffer.from(one), length: 2 } : null;
}

/** Escapes are of bytes: a letter of UTF-8 can take several. */
function textOf(bytes: readonly Buffer[]): string | null {
  return utf8Of(Buffer.concat(bytes));
}
