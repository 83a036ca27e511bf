import { describe, expect, test } from "@jest/globals";
import { manifestRemovedBy, removedBy } from "#gateway/deletion/removal-answer.js";

test.each([
  [200, "deleted"],
  [202, "deleted"],
  [404, "absent"],
  [400, "unsupported"],
  [405, "unsupported"],
])("%s to a deletion says that it is %s", async (status, wanted) => {
  expect(await removedBy(Promise.resolve({ status }))).toBe(wanted);
});

test.each([300, 307, 401, 403, 409, 429, 500, 502, 503])(
  "%s to a deletion decides nothing: it is asked for again",
  async (status) => {
    await expect(removedBy(Promise.resolve({ status }))).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
  },
);

test("no answer to a deletion decides nothing", async () => {
  const broken = Promise.reject(new Error("connection reset"));
  await expect(removedBy(broken)).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

describe("a manifest whose link the registry finds empty", () => {
  const registry = (...statuses: number[]) => {
    const asked = { count: 0 };
    const ask = () => Promise.resolve({ status: statuses[(asked.count += 1) - 1] ?? 400 });
    return { asked, ask };
  };

  test("is asked to be deleted again, since a push beside it may be writing the link anew", async () => {
    const { asked, ask } = registry(400, 400, 202);
    expect(await manifestRemovedBy(ask)).toBe("deleted");
    expect(asked.count).toBe(3);
  });

  test("that stays so is not asked for without end", async () => {
    const { asked, ask } = registry();
    expect(await manifestRemovedBy(ask)).toBe("unsupported");
    expect(asked.count).toBe(5);
  });

  test("is no matter of other answers, which are taken at once", async () => {
    for (const status of [202, 404, 405]) {
      const { asked, ask } = registry(status);
      await manifestRemovedBy(ask);
      expect(asked.count).toBe(1);
    }
    const { ask } = registry(502);
    await expect(manifestRemovedBy(ask)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
