import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { ldapSchema } from "#token-server/identity/ldap/ldap-schema.js";
import { ldapSource } from "#token-server/identity/ldap/ldap.js";
import { eventually } from "#tests/support/eventually.js";
import { faultOf, credentials } from "./support/logins.js";
import {
  scriptedDirectory,
  type ScriptedAnswer,
  type ScriptedEntry,
} from "./support/scripted-directory.js";

const DN = "CN=Anna,OU=people,DC=example";
/** RFC 4511, appendix A. */
const [SIZE_LIMIT_EXCEEDED, ADMIN_LIMIT_EXCEEDED, BUSY] = [4, 11, 51];
/** More than are read of anybody. */
const TOO_MANY = 20_001;

const entry = (attributes: ScriptedEntry["attributes"]): ScriptedEntry => ({ dn: DN, attributes });
const ANNA = entry({ uid: ["anna"] });
const memberOf = (range: string, many: number): ScriptedEntry =>
  entry({ [`memberOf;range=${range}`]: Array<string>(many).fill("CN=registry-a,DC=example") });
const MEMBER = entry({ uid: ["anna"], memberOf: [], ...memberOf("0-1499", 1_500).attributes });

const BY_MEMBER_OF = { memberOf: { prefix: "registry-" } };
const BY_SEARCH = { groups: { base: "DC=example", filter: "(member=${dn})", prefix: "registry-" } };
const groupsOf = (many: number) => [entry({ cn: Array<string>(many).fill("registry-a") })];

async function logIn(mapping: object, answers: readonly ScriptedAnswer[], waits = false) {
  const directory = await scriptedDirectory(answers);
  const known = () =>
    waits ? eventually("it is left", () => directory.isLeft()) : Promise.resolve();
  const config = { url: directory.url, base: "DC=example", ...mapping };
  const source = ldapSource(ldapSchema(z.string()).parse(config), Date.now);
  try {
    return {
      fault: await faultOf(source.verify(credentials("anna", "password"), { known })),
      connections: directory.connections(),
    };
  } finally {
    directory.stop();
  }
}

const AWAY = /^UNAVAILABLE: the directory/;

describe("a directory in trouble", () => {
  test("that loses the connection is not asked on another one, which would be in the clear", async () => {
    const { fault, connections } = await logIn({}, [{ last: [ANNA] }], true);
    expect(fault).toMatch(AWAY);
    expect(connections).toBe(1);
  });

  test("that is busy, or lost, when it is asked for groups has decided nothing", async () => {
    for (const trouble of [BUSY, "hangs up"] as const)
      for (const answers of [
        [[ANNA], trouble, groupsOf(1)],
        [[ANNA], SIZE_LIMIT_EXCEEDED, trouble],
      ])
        expect((await logIn(BY_SEARCH, answers)).fault).toMatch(AWAY);
    expect((await logIn(BY_MEMBER_OF, [[MEMBER], BUSY])).fault).toMatch(AWAY);
  });
});

describe("groups of which a directory gives a part", () => {
  test("are asked for page by page, and let nobody in where that ends before them all", async () => {
    const whole = await logIn(BY_SEARCH, [[ANNA], SIZE_LIMIT_EXCEEDED, groupsOf(1)]);
    expect(whole.fault).toMatch(/^no fault, .*"teams":\["a"\]/);
    const part = await logIn(BY_SEARCH, [[ANNA], SIZE_LIMIT_EXCEEDED, ADMIN_LIMIT_EXCEEDED]);
    expect(part.fault).toContain("the directory does not give all of their groups");
  });

  test("are not read without end", async () => {
    const searched = [[ANNA], SIZE_LIMIT_EXCEEDED, groupsOf(TOO_MANY)];
    expect((await logIn(BY_SEARCH, searched)).fault).toContain("their groups are more than 20000");
    const ranged = [[MEMBER], [memberOf("1500-21500", TOO_MANY)], [memberOf("21501-*", 1)]];
    expect((await logIn(BY_MEMBER_OF, ranged)).fault).toContain("more than 20000 values");
  });

  test("are not taken for all when it begins anew, or says what is no range", async () => {
    for (const range of ["0-1499", "x", "0-"]) {
      const answers = [[MEMBER], [memberOf(range, 1)], [memberOf("1500-*", 1)]];
      expect((await logIn(BY_MEMBER_OF, answers)).fault).toContain(
        "gives the values of memberOf up to number 1500 alone",
      );
    }
  });
});

test("a value that is no text is none, and hides no other one beside it", async () => {
  const notText = Buffer.from([0xff]);
  const named = entry({ uid: [notText, "anna"], memberOf: [notText, "CN=registry-a,DC=example"] });
  expect((await logIn(BY_MEMBER_OF, [[named]])).fault).toMatch(
    /^no fault, .*"uid":"anna".*"teams":\["a"\]/,
  );
});
