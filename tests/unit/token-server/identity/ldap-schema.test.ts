import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { expect, test } from "@jest/globals";
import { ldapSource } from "#token-server/identity/ldap/ldap.js";
import { ldapSchema } from "#token-server/identity/ldap/ldap-schema.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";

const parse = (change: object) =>
  ldapSchema(z.string()).safeParse({ url: "ldaps://ldap.example", base: "dc=x", ...change });
const GROUPS = { base: "ou=groups,dc=x", filter: "(member=${dn})" };

test.each<[string, object]>([
  ["TLS from the start", {}],
  ["TLS later", { url: "ldap://ldap.example", startTls: true }],
  ["in the clear, said to be wanted", { url: "ldap://ldap.example", allowPlaintext: true }],
  ["on this machine, by name", { url: "ldap://localhost:389" }],
  ["on this machine, by address", { url: "ldap://127.0.0.1:389" }],
  ["on this machine, by IPv6", { url: "ldap://[::1]:389" }],
  ["groups", { groups: { ...GROUPS, prefix: "team-" } }],
  ["memberOf", { memberOf: { prefix: "team-" } }],
  ["an account that searches", { bindDn: "cn=x", bindPasswordFile: "password" }],
])("a directory may be configured with %s", (_what, change) => {
  expect(parse(change).error?.issues).toBeUndefined();
});

test.each<[string, object, string]>([
  ["in the clear", { url: "ldap://ldap.example" }, "wanted ldaps://"],
  ["in the clear, named like this machine", { url: "ldap://localhost.example" }, "wanted ldaps://"],
  ["TLS twice", { startTls: true }, "ldaps:// has TLS from the start"],
  ["half an account", { bindDn: "cn=x" }, "wanted bindDn and bindPasswordFile"],
  ["groups and memberOf", { groups: GROUPS, memberOf: {} }, "wanted one of groups and memberOf"],
  [
    "groups read in two ways",
    { groups: { ...GROUPS, prefix: "team-", map: { a: "b" } } },
    "wanted one of map, prefix and pattern",
  ],
  [
    "memberOf read in two ways",
    { memberOf: { prefix: "team-", map: { a: "b" } } },
    "wanted one of map, prefix and pattern",
  ],
])("a directory is refused with %s", (_what, change, reason) => {
  expect(
    parse(change)
      .error?.issues.map(({ message }) => message)
      .join(),
  ).toContain(reason);
});

test("an account that searches has a password in its file", async () => {
  const folder = await temporaryFolder();
  const bindPasswordFile = join(folder.path, "password");
  await writeFile(bindPasswordFile, "");
  const { data } = parse({ bindDn: "cn=x", bindPasswordFile });
  if (data === undefined) throw new Error("no configuration");
  expect(() => ldapSource(data, Date.now)).toThrow("ldap.bindPasswordFile");
  await writeFile(bindPasswordFile, "a-password");
  expect(ldapSource(data, Date.now).name).toBe("ldap");
  await folder.remove();
});
