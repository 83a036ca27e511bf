import { describe, expect, test } from "@jest/globals";
import { putAgain } from "#gateway/upstream/put-again.js";
import { digestOf } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";

const REPOSITORY = parseRepositoryName("alpha/app");
const LAYER = digestOf(Buffer.from("layer"));
const FALSE = [
  { code: "DIGEST_INVALID", message: "provided digest did not match uploaded content" },
  { code: "MANIFEST_BLOB_UNKNOWN", detail: LAYER },
];
const answer = (status: number, errors: readonly object[]) => ({
  status,
  headers: new Headers(),
  body: Buffer.from(JSON.stringify({ errors })),
});

/** @returns how often it was put, and the verdict */
async function putting(
  verdict: ReturnType<typeof answer>,
  { standing = true, milliseconds = 0 } = {},
): Promise<{ readonly times: number; readonly status: number }> {
  let [times, now] = [0, 0];
  const put = () => {
    times += 1;
    now += milliseconds;
    return Promise.resolve(verdict);
  };
  const reads = {
    blobSize: () => Promise.resolve(standing ? 1 : null),
    hasManifest: () => Promise.resolve(false),
  };
  const { status } = await putAgain(put, reads, REPOSITORY, () => now);
  return { times, status };
}

describe("a manifest is put", () => {
  test("three times when the registry says what cannot be true, and then it is not decided", async () => {
    expect(await putting(answer(400, FALSE))).toEqual({ times: 3, status: 503 });
  });

  test("once when it took so long to say so that a reservation might end", async () => {
    expect(await putting(answer(400, FALSE), { milliseconds: 5_000 })).toEqual({
      times: 1,
      status: 400,
    });
  });

  test("once when what is named is missing", async () => {
    const [, unknown = {}] = FALSE;
    expect(await putting(answer(400, [unknown]), { standing: false })).toEqual({
      times: 1,
      status: 400,
    });
  });

  test("three times when what is named stands, and then that is the registry's verdict", async () => {
    const [, unknown = {}] = FALSE;
    expect(await putting(answer(404, [unknown]))).toEqual({ times: 3, status: 404 });
  });

  test.each([
    ["a kind that it does not take", 400, [{ code: "MANIFEST_INVALID" }]],
    ["another fault beside it", 400, [...FALSE, { code: "NAME_INVALID" }]],
    ["nothing that can be read", 500, []],
    ["that it is away", 503, [{ code: "UNAVAILABLE" }]],
    ["yes", 201, []],
  ])("once when the registry says %s", async (_title, status, errors) => {
    expect(await putting(answer(status, errors))).toEqual({ times: 1, status });
  });
});
