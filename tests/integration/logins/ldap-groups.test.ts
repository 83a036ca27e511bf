import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { ldapSchema } from "#token-server/identity/ldap/ldap-schema.js";
import { ldapSource } from "#token-server/identity/ldap/ldap.js";
import { tellingUnmappedGroups } from "#token-server/identity/unmapped-groups.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { readableLog } from "./support/log.js";
import { credentials, faultOf, whoIs } from "./support/logins.js";
import { scriptedDirectory, type ScriptedEntry } from "./support/scripted-directory.js";
import { BASE, findSlapd, LIMITED, SEARCHER, startSlapd, type Slapd } from "./support/slapd.js";

const found = await findSlapd();
const describeWithSlapd = typeof found === "string" ? describe.skip : describe;
const why = typeof found === "string" ? ` (skipped, no slapd: ${found.split("\n")[0] ?? ""})` : "";

const PEOPLE = ["anna meier", "o'brien", "j\u00fcrgen", "ju\u0308rg", "EXAMPLE\\carol", "host$"];
const GROUPS = ["Dev, Payments", "ops+sre", "M\u00fcller", "Registry-Alpha"];
const MAP = {
  "dev, payments": "payments",
  "OPS+SRE": "sre",
  "m\u00fcller": "mueller",
  "registry-alpha": "alpha",
};
const TEAMS = ["alpha", "mueller", "payments", "sre"];

describeWithSlapd(`groups of a directory${why}`, () => {
  let folder: TemporaryFolder;
  let slapd: Slapd;

  beforeAll(async () => {
    if (typeof found === "string") return;
    folder = await temporaryFolder();
    slapd = await startSlapd(found, folder.path);
    await writeFile(join(folder.path, "password"), SEARCHER.password);
    for (const ou of ["people", "groups", "many"])
      await slapd.add(`ou=${ou}`, { objectClass: "organizationalUnit", ou });
    await writeFile(join(folder.path, "limited"), LIMITED.password);
    for (const { dn, password } of [SEARCHER, LIMITED])
      await slapd.add(dn.slice(0, -BASE.length - 1), {
        objectClass: ["organizationalRole", "simpleSecurityObject"],
        userPassword: password,
      });
    for (const uid of PEOPLE)
      await slapd.add(`uid=${escaped(uid)},ou=people`, {
        objectClass: "inetOrgPerson",
        ...{ uid, cn: uid, sn: uid, userPassword: "password" },
      });
    const member = PEOPLE.map((uid) => `uid=${escaped(uid)},ou=people,${BASE}`);
    for (const cn of GROUPS)
      await slapd.add(`cn=${escaped(cn)},ou=groups`, { objectClass: "groupOfNames", cn, member });
  });
  afterAll(async () => {
    await slapd.stop();
    await folder.remove();
  });

  const verify = async (uid: string, change: object, log = readableLog()) =>
    tellingUnmappedGroups(
      ldapSource(
        ldapSchema(z.string()).parse({
          ...{ url: slapd.url, base: `ou=people,${BASE}`, bindDn: SEARCHER.dn },
          bindPasswordFile: join(folder.path, "password"),
          ...change,
        }),
        Date.now,
      ),
      log.log,
    ).verify(credentials(uid, "password"));
  const search = { base: `ou=groups,${BASE}`, filter: "(member=${dn})" };

  test.each(PEOPLE)("are those of %s, whom a name of that kind keeps from nothing", async (uid) => {
    for (const change of [{ memberOf: { map: MAP } }, { groups: { ...search, map: MAP } }]) {
      const login = await verify(uid, change);
      expect(whoIs(login)).toBe(`/employees/${uid.normalize("NFC")}`);
      expect([...(login.teams ?? [])].sort()).toEqual(TEAMS);
    }
  });

  test.each([
    ["a prefix", { prefix: "registry-" }],
    ["a prefix in capitals", { prefix: "REGISTRY-" }],
    ["a pattern", { pattern: "registry-(al.*)" }],
    ["a pattern in capitals", { pattern: "REGISTRY-(AL.*)" }],
  ])("are compared as the directory does, by %s", async (_how, mapping) => {
    for (const change of [{ memberOf: mapping }, { groups: { ...search, ...mapping } }]) {
      const login = await verify("anna meier", change);
      expect(login.teams).toEqual(["alpha"]);
      expect([...(login.unmappedGroups ?? [])].sort()).toEqual(
        ["Dev, Payments", "M\u00fcller", "ops+sre"].sort(),
      );
    }
  });

  test("that no team comes of are told once", async () => {
    const log = readableLog();
    const config = ldapSchema(z.string()).parse({
      ...{ url: slapd.url, base: `ou=people,${BASE}`, bindDn: SEARCHER.dn, cacheSeconds: 0 },
      bindPasswordFile: join(folder.path, "password"),
      memberOf: { prefix: "registry-" },
    });
    const source = tellingUnmappedGroups(ldapSource(config, Date.now), log.log);
    for (const uid of ["anna meier", "o'brien", "anna meier"])
      await source.verify(credentials(uid, "password"));
    const [line, ...others] = log.linesOf("groups.unmapped");
    expect(others).toEqual([]);
    expect(line).toMatchObject({ source: "ldap", count: 3 });
    expect(line?.["groups"]).toContain("Dev, Payments");
  });

  describe("that are more than a directory gives at once", () => {
    const names = Array.from({ length: 350 }, (_, index) => `registry-t${index}`);
    const many = { base: `ou=many,${BASE}`, filter: "(memberUid=${uid})", prefix: "registry-" };

    beforeAll(async () => {
      for (const [index, cn] of names.entries())
        await slapd.add(`cn=${cn},ou=many`, {
          objectClass: "posixGroup",
          ...{ cn, gidNumber: String(index), memberUid: "anna meier" },
        });
    });

    test("are all asked for", async () => {
      const { teams } = await verify("anna meier", { groups: many });
      expect([...(teams ?? [])].sort()).toEqual(names.map((name) => name.slice(9)).sort());
    });

    test("let nobody in with a part of them", async () => {
      const limited = { bindDn: LIMITED.dn, bindPasswordFile: join(folder.path, "limited") };
      expect(await faultOf(verify("anna meier", { ...limited, groups: many }))).toMatch(
        /^UNAUTHORIZED: the credentials are right, but the directory does not give all of their groups/,
      );
    });
  });
});

/** RFC 4514, section 2.4. */
function escaped(name: string): string {
  return name.replace(/[\\,+"<>;=#]/g, (sign) => `\\${sign.charCodeAt(0).toString(16)}`);
}

const DN = "CN=Anna,OU=people,DC=example";
const group = (index: number) => `CN=registry-t${index},OU=groups,DC=example`;
const groups = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => group(from + index));
const page = (range: string, values: readonly string[]): ScriptedEntry => ({
  dn: DN,
  attributes: { [`memberOf;range=${range}`]: values },
});

describe("more groups than Active Directory gives at once", () => {
  const verify = async (answers: readonly (readonly ScriptedEntry[])[]) => {
    const directory = await scriptedDirectory(answers);
    try {
      const source = ldapSource(
        ldapSchema(z.string()).parse({
          ...{ url: directory.url, base: "DC=example", uidAttribute: "sAMAccountName" },
          memberOf: { prefix: "registry-" },
        }),
        Date.now,
      );
      const outcome: unknown = await source.verify(credentials("anna", "password")).then(
        ({ teams }) => teams ?? [],
        (error: unknown) => String(error),
      );
      return { outcome, searches: directory.searches };
    } finally {
      directory.stop();
    }
  };
  const user = { ...page("0-1499", groups(0, 1_499)) };
  const anna: ScriptedEntry = {
    dn: DN,
    attributes: { sAMAccountName: ["anna"], memberOf: [], ...user.attributes },
  };

  test("are all asked for", async () => {
    const { outcome, searches } = await verify([
      [anna],
      [page("1500-2999", groups(1_500, 2_999))],
      [page("3000-*", groups(3_000, 3_100))],
    ]);
    expect(outcome).toHaveLength(3_101);
    expect(searches[1]).toContain("memberOf;range=1500-*");
    expect(searches[2]).toContain("memberOf;range=3000-*");
  });

  test.each<[string, readonly (readonly ScriptedEntry[])[]]>([
    ["the rest is not given", [[anna], []]],
    ["the rest begins anew for ever", [[anna], [page("0-1499", groups(0, 1_499))]]],
  ])("let nobody in with a part of them, when %s", async (_what, answers) => {
    expect((await verify(answers)).outcome).toMatch(
      /the credentials are right, but the directory gives the values of memberOf/,
    );
  });
});
