import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { pushTag } from "#gateway/ledger/push-tag.js";
import { readTagState } from "#gateway/ledger/sql/read-tag.js";
import { reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { imageText } from "#tests/support/manifest-texts.js";
import { manifestRegistry } from "#tests/support/manifest-registry.js";
import { pushDeps, tagKeeper, tagPush } from "#tests/support/tag-pushes.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

const CLIENTS = 14;
const MANIFEST = imageText({ annotations: { made: "by somebody who leaves" } });

let ledger: StartedLedger;
let db: Database;
let authority: TokenAuthority;
let upstream: UpstreamDouble;
let gateway: TestGateway;

beforeAll(async () => {
  ledger = await startLedger();
  ({ db } = ledger);
  authority = await startTokenAuthority();
  upstream = await startUpstream(manifestRegistry().handler);
  gateway = await startGateway({
    registryUrl: upstream.url,
    tokenServerUrl: authority.server.url,
    db,
    hears: ledger.config,
  });
});
beforeEach(() => ledger.clear());
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  await authority.server.stop();
  await ledger.stop();
});

test("fourteen clients that leave while they wait leave no work and no reservation behind", async () => {
  const holder = tagPush("held by another gateway");
  await reserveTag(db, holder, { leaseSeconds: 60, mutable: false });
  const bearer = await authority.bearer(["pull", "push"]);
  const head = [
    "PUT /v2/alpha/app/manifests/1.0 HTTP/1.1",
    "Host: registry",
    `Authorization: ${bearer}`,
    "Content-Type: application/vnd.oci.image.manifest.v1+json",
    `Content-Length: ${MANIFEST.length}`,
  ].join("\r\n");
  const sockets = Array.from({ length: CLIENTS }, () => connect(gateway.port, "127.0.0.1"));
  for (const socket of sockets)
    socket.on("error", () => undefined).write(`${head}\r\n\r\n${MANIFEST}`);
  await eventually("all wait", async () => (await steps("waited")) >= CLIENTS);
  for (const socket of sockets) socket.resetAndDestroy();
  await eventually("all are given up", async () => (await steps("abandoned")) === CLIENTS);
  const waited = await steps("waited");
  await db.query("update ledger.tag set reserved_until = now() - interval '1 second'");
  await db.query("delete from ledger.tag");
  const { rows } = await db.query("select from ledger.tag");
  expect(rows).toEqual([]);
  expect(await steps("waited")).toBe(waited);
  expect(await steps("reserved")).toBe(0);
  expect(upstream.seen.filter(({ method }) => method === "PUT")).toEqual([]);
});

describe("a client that leaves", () => {
  test("after its tag was reserved and before the registry is asked has it given back", async () => {
    const [keeper, gone, push] = [tagKeeper(), new AbortController(), tagPush("a")];
    const deps = pushDeps(db);
    const leaving = {
      ...keeper.transport(push),
      gone: gone.signal,
      currentDigest: () => {
        gone.abort();
        return keeper.digestOf(push);
      },
    };
    await expect(pushTag(deps, push, leaving)).rejects.toMatchObject({ code: "BODY_INCOMPLETE" });
    expect(await readTagState(db, push)).toEqual({ kind: "free" });
    expect(keeper.writes).toEqual([]);
    expect(deps.outcomes).toEqual(["abandoned"]);
  });

  test("after the registry was asked has its push settled all the same", async () => {
    const [keeper, gone, push] = [tagKeeper(), new AbortController(), tagPush("a")];
    const transport = keeper.transport(push);
    const leaving = {
      ...transport,
      gone: gone.signal,
      send: () => {
        gone.abort();
        return transport.send();
      },
    };
    await pushTag(pushDeps(db), push, leaving);
    expect(await readTagState(db, push)).toMatchObject({ kind: "held", digest: push.digest });
  });
});

async function steps(step: string): Promise<number> {
  const pattern = new RegExp(`^tag_push_steps_total\\{step="${step}"\\} (\\d+)$`, "m");
  return Number(pattern.exec(await gateway.metrics())?.[1] ?? 0);
}
