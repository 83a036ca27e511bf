import { describe, expect, test } from "@jest/globals";
import { FilterParser } from "ldapts";
import fc from "fast-check";
import { fillFilter, filterSchema } from "#token-server/identity/ldap/filter.js";
import { filled, Unusable } from "#token-server/identity/ldap/unusable.js";

const BY_UID = filterSchema(["username"]).parse("(&(objectClass=person)(uid=${username}))");

describe("a search filter", () => {
  test.each(["*", "*)(uid=*", "alice)(|(uid=*", "\\2a", "a\u0000b", "(", ")", "åse"])(
    "takes the user name %j for a value and nothing more",
    (username) => {
      const filter = FilterParser.parseString(fillFilter(BY_UID, { username }));
      expect(filter).toMatchObject({
        filters: [{ attribute: "objectClass" }, { attribute: "uid", value: username }],
      });
    },
  );

  test("has the same form whatever the user name is", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (username) => {
        const filter = FilterParser.parseString(fillFilter(BY_UID, { username }));
        expect(filter).toMatchObject({
          filters: [{ value: "person" }, { attribute: "uid", value: username }],
        });
      }),
    );
  });

  test("that lacks a value is none: what is searched for never becomes everybody", () => {
    expect(() => filled(BY_UID, {})).toThrow(Unusable);
  });

  test.each([
    ["without the user name", "(uid=alice)"],
    ["with a variable that is not known", "(uid=${user})"],
    ["with no comparison in it", "(uid${username})"],
  ])("%s is refused", (_what, source) => {
    expect(filterSchema(["username"]).safeParse(source).success).toBe(false);
  });
});
