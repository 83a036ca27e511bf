import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { firstValueOf } from "#token-server/identity/ldap/distinguished-name.js";

describe("the first name of a distinguished name", () => {
  test.each([
    ["cn=alpha,ou=teams,dc=example", "alpha"],
    ["CN = alpha , OU=teams", "alpha"],
    ["2.5.4.3=alpha,dc=example", "alpha"],
    ["cn=alpha", "alpha"],
    ["cn=Dev\\, Payments,ou=teams,dc=example", "Dev, Payments"],
    ["cn=ops\\2Bsre,dc=example", "ops+sre"],
    ["cn=ops\\+sre,dc=example", "ops+sre"],
    ["cn=M\\C3\\BCller,dc=example", "M\u00fcller"],
    ["cn=M\u00fcller,dc=example", "M\u00fcller"],
    ['cn=a\\\\b\\=c\\;d\\<e\\>\\"f\\#g,dc=example', 'a\\b=c;d<e>"f#g'],
    ["cn=\\ alpha\\ ,dc=example", " alpha "],
    ["cn=\\20alpha\\20 ,dc=example", " alpha "],
    ["cn=alpha+ou=x,dc=example", "alpha"],
    ["cn=a=b,dc=example", "a=b"],
    ['cn="Dev, Payments" ,dc=example', "Dev, Payments"],
    ['cn="a\\"b",dc=example', 'a"b'],
    ["cn=\u{1f600},dc=example", "\u{1f600}"],
    ["cn=,dc=example", ""],
  ])("of %s is %j", (dn, name) => {
    expect(firstValueOf(dn)).toBe(name);
  });

  test.each([
    ["", "nothing"],
    ["alpha", "a name alone"],
    ["cn=#04024869,dc=example", "a value that is no text"],
    ["cn=a\\x,dc=example", "an escape of nothing"],
    ["cn=a\\", "a backslash at the end"],
    ["cn=M\\FCller,dc=example", "bytes that are no UTF-8"],
    ['cn="alpha,dc=example', "an open quotation"],
    ['cn="alpha"x,dc=example', "something behind a quotation"],
    ['cn="al\\xpha",dc=example', "an escape of nothing in a quotation"],
    ['cn=al"pha,dc=example', "a quotation mark inside"],
  ])("of %j is none: %s", (dn) => {
    expect(firstValueOf(dn)).toBeNull();
  });

  test("is what was written into it, escaped one way or the other", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 });
    fc.assert(
      fc.property(text, fc.boolean(), (name, inHex) => {
        const bytes = [...Buffer.from(name)].map(
          (byte) => `\\${byte.toString(16).padStart(2, "0")}`,
        );
        const signs = name.replace(/["+,;<>\\#= ]/g, (sign) => `\\${sign}`);
        return firstValueOf(`cn=${inHex ? bytes.join("") : signs},dc=example`) === name;
      }),
    );
  });
});
