import { expect, test } from "@jest/globals";
import { removedBy } from "#gateway/deletion/removal-answer.js";

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
