import { describe, expect, test } from "@jest/globals";
import { contentOperations } from "#gateway/api/content-operations.js";
import type { Asked } from "#gateway/api/implement.js";
import { digestOf } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { openedRequest } from "#tests/support/requests.js";

const DIGEST = digestOf(Buffer.from("an image"));

/** @returns what becomes of a request for the files of an image whose manifest cannot be read */
function asked(meanwhile: (asked: Asked) => void = () => undefined): Promise<unknown> {
  const { req, res } = openedRequest({});
  const path = { repository: "alpha/app", digest: DIGEST };
  const actor = { uid: "alice", realm: "", address: "" };
  const one = { path, query: {}, actor, req, res } as unknown as Asked;
  const [, operation] = contentOperations({
    resolver: null as never,
    reader: null as never,
    turns: { take: () => Promise.resolve(() => undefined), count: () => null as never },
    manifest: () => {
      meanwhile(one);
      return Promise.reject(new Fault("UNAVAILABLE"));
    },
  });
  return operation?.answer(one) ?? Promise.reject(new Error("there is none"));
}

describe("the files of an image that cannot be read", () => {
  test("are answered with why", async () => {
    await expect(asked()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("are answered to nobody who has gone", async () => {
    const gone = asked(({ res }) => {
      res.emit("close");
    });
    expect(await gone).toBe("sent");
  });
});
