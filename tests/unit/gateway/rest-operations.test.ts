import { describe, expect, test } from "@jest/globals";
import type { View } from "#access-policy/view.js";
import { parseTarget } from "#gateway/api/ask-operation.js";
import type { Asker } from "#gateway/api/implement.js";
import { restRoutes } from "#gateway/api/rest-routes.js";
import { requireVisible, rightTo } from "#gateway/api/rights.js";
import type { CursorSealer } from "#rest-api/cursor.js";
import type { Operation } from "#rest-api/operation.js";
import { OPERATIONS } from "#rest-api/operations/every-operation.js";
import { z } from "zod";

const PATH = { repository: "alpha/app" };
const operation = (who: Operation["who"], query: z.ZodObject = z.strictObject({})) =>
  ({ id: "anything", who, query, parameters: z.object({}), position: null }) as unknown as Operation; // prettier-ignore
const VIEW: View = { rules: ["+alpha/**"], values: {}, limits: null };
const askerWith = (view: View | null) => ({ view }) as Asker;

describe("the right that an operation takes", () => {
  test.each<[Operation["who"], unknown]>([
    ["nobody-in-particular", null],
    ["view", { to: "lists" }],
    ["login", { to: "lists" }],
    ["administrator", { to: "administration" }],
    ["pull", { to: "pull", repository: "alpha/app" }],
    ["push", { to: "push", repository: "alpha/app" }],
    ["delete", { to: "delete", repository: "alpha/app" }],
  ])("of %s is %j", (who, right) => {
    expect(rightTo(operation(who), PATH)).toEqual(right);
  });

  test.each<[object]>([[{}], [{ repository: 1 }], [{ repository: "Alpha" }]])(
    "in a repository is none without one: %j",
    (path) => {
      expect(() => rightTo(operation("push"), path as never)).toThrow("about no repository");
    },
  );
});

describe("a repository that somebody asks about", () => {
  const look = (who: Operation["who"], path: object, view: View | null) => () => {
    requireVisible(operation(who), path as never, askerWith(view));
  };

  test("is there for whose view has it", () => {
    expect(look("view", PATH, VIEW)).not.toThrow();
    expect(look("view", {}, null)).not.toThrow();
    // What takes a right of its own is refused by that.
    expect(look("pull", { repository: "beta/app" }, VIEW)).not.toThrow();
  });

  test.each<[string, object, View | null]>([
    ["another repository", { repository: "beta/app" }, VIEW],
    ["no view", PATH, null],
    ["a view of nothing", PATH, { ...VIEW, rules: [] }],
  ])("is not there for %s", (_what, path, view) => {
    expect(look("view", path, view)).toThrow(expect.objectContaining({ code: "NAME_UNKNOWN" }));
  });
});

describe("a parameter that is not known", () => {
  const NO_SEALER = null as unknown as CursorSealer;
  const parsed = (query: z.ZodObject, target: string) =>
    parseTarget({ operation: operation("view", query), path: {} }, target, NO_SEALER).query;
  const SHAPE = { limit: z.string().optional() };

  test("is refused by its name where it would be passed over", () => {
    const strict = z.strictObject(SHAPE);
    expect(parsed(strict, "/x?limit=1")).toEqual({ limit: "1" });
    expect(() => parsed(strict, `/x?limit=1&${"a".repeat(99)}=1`)).toThrow(
      `the query: given "${"a".repeat(80)}", wanted no parameters but limit`,
    );
  });

  test("is taken out where strangers' parameters come along", () => {
    expect(parsed(z.object(SHAPE), "/x?limit=1&utm=1")).toEqual({ limit: "1" });
  });

  test("counts as it was given first", () => {
    expect(parsed(z.strictObject(SHAPE), "/x?limit=1&limit=2")).toEqual({ limit: "1" });
  });
});

test("what is described has to be answered, and what is answered has to be described", () => {
  const start =
    (...ids: string[]) =>
    () =>
      restRoutes({} as never, ids.map((id) => ({ operation: { id } })) as never);
  const described = OPERATIONS.filter(({ by }) => by === "gateway").map(({ id }) => id);
  expect(start(...described)).not.toThrow();
  expect(start(...described.slice(1))).toThrow(
    `described or answered, and not both: ${described[0] ?? ""}`,
  );
  expect(start(...described, "nothing.get")).toThrow("not both: nothing.get");
});
