import { expect, test } from "@jest/globals";
import { splitLoginsText } from "#token-server/logins/logins-text.js";

test("a logins file has its sections, and none where it is no YAML, or something else", () => {
  expect(splitLoginsText("teams: {}\nldap: {url: a}\n").sections).toEqual({
    teams: {},
    ldap: { url: "a" },
  });
  for (const text of ["", "a: [", "- a\n- b\n", "7"])
    expect(splitLoginsText(text).sections).toStrictEqual({});
});
