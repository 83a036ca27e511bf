import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { NEVER_GONE, refuseGone, unlessGone } from "#gateway/ledger/client-gone.js";
import { manifestTurn, manifestTurns, SMALL_BYTES } from "#gateway/proxy/manifest-turns.js";
import type { Framing } from "#gateway/upstream/client-framing.js";
import type { RegistryRequest } from "#registry-protocol/request.js";

const answer = () => new ServerResponse(new IncomingMessage(new Socket()));
const take = (
  all: ReturnType<typeof manifestTurns>,
  kind: RegistryRequest["kind"],
  framing: Framing,
) => manifestTurn(all, { kind } as RegistryRequest, { subject: "alice", framing, res: answer() });

describe("a turn for pushing a manifest", () => {
  test.each<[kind: RegistryRequest["kind"], framing: Framing, small: number, large: number]>([
    ["manifest.put-by-tag", { kind: "length", bytes: SMALL_BYTES }, 1, 0],
    ["manifest.put-by-digest", { kind: "length", bytes: 0 }, 1, 0],
    ["manifest.put-by-tag", { kind: "length", bytes: SMALL_BYTES + 1 }, 0, 1],
    // How large it is it does not say.
    ["manifest.put-by-digest", { kind: "chunked" }, 0, 1],
    ["manifest.read", { kind: "chunked" }, 0, 0],
    ["upload.continue", { kind: "length", bytes: 1 }, 0, 0],
  ])("of %s by %j is taken, and given back", async (kind, framing, small, large) => {
    const all = manifestTurns(8);
    const leave = await take(all, kind, framing);
    expect([all.small.count().running, all.large.count().running]).toEqual([small, large]);
    leave();
    expect([all.small.count().running, all.large.count().running]).toEqual([0, 0]);
  });
});

describe("whoever waits for something", () => {
  test("is refused once their client has gone, and not before", () => {
    expect(() => {
      refuseGone(NEVER_GONE);
    }).not.toThrow();
    expect(() => {
      refuseGone(AbortSignal.abort());
    }).toThrow(expect.objectContaining({ code: "BODY_INCOMPLETE" }));
  });

  test("waits no longer than their client does", async () => {
    const never = new Promise<void>(() => undefined);
    const client = new AbortController();
    const waits = unlessGone(never, client.signal);
    client.abort();
    await waits;
    await unlessGone(never, AbortSignal.abort());
  });

  test("hears of what went wrong", async () => {
    await expect(unlessGone(Promise.reject(new Error("broken")), NEVER_GONE)).rejects.toThrow(
      "broken",
    );
  });
});
