import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { readDrainState, untilDrained, whatIsOpen } from "#gateway/mode/drain.js";
import { eventually } from "#tests/support/eventually.js";
import { testTools } from "#tests/support/tools.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { endUpload, locationOf, pusher, refusalIn, type Pusher } from "./support/pusher.js";
import { startReplicas, type Replica, type Replicas } from "./support/replicas.js";

const REFUSED = {
  status: 503,
  code: "UNAVAILABLE",
  message: "read-only for now, try again later: the storage moves",
  retryAfter: "30",
};
/** "Within seconds" is what operators are promised. */
const SECONDS_MS = 4_000;
const HELD = "first and last";

let all: Replicas;
let one: Replica;
let two: Replica;
let client: Pusher;

beforeAll(async () => {
  all = await startReplicas(registryPrograms()[0]?.file ?? "");
});
beforeEach(async () => {
  [one, two] = [await all.start("one"), await all.start("two")];
  client = await pusher(one.gateway.url, all.authority);
});
afterEach(() => all.clear());
afterAll(() => all.stop());

const modesOf = (...replicas: Replica[]) => replicas.map(({ gate }) => gate.mode()?.name);
const follow = (...replicas: Replica[]) =>
  eventually(
    "all are read-only",
    () => modesOf(...replicas).every((name) => name === "read-only"),
    SECONDS_MS,
  );
const drain = (seconds = 30) =>
  untilDrained(all.db, {
    seconds,
    signal: new AbortController().signal,
    progress: () => undefined,
  });
const open = async () => whatIsOpen(await readDrainState(all.db));

describe(`gateways that are made read-only, registry ${testTools().registry.version}`, () => {
  test("refuse every kind of push with the reason and when to come back", async () => {
    await client.pushAll("image", "1.0");
    const upload = locationOf(await client.startUpload());
    await all.switchTo("read-only");
    await follow(one, two);
    for (const { gateway } of [one, two]) {
      const there = await pusher(gateway.url, all.authority);
      expect(refusalIn(await there.push("other", "2.0"))).toEqual(REFUSED);
      expect(refusalIn(await there.push("image", "1.0"))).toEqual(REFUSED);
      expect(refusalIn(await there.push("other"))).toEqual(REFUSED);
      expect(refusalIn(await there.startUpload())).toEqual(REFUSED);
      expect(refusalIn(await endUpload(there, upload, "layer"))).toEqual(REFUSED);
      const deletion = { method: "DELETE" };
      expect(refusalIn(await there.ask("/v2/alpha/app/manifests/1.0", deletion))).toEqual(REFUSED);
    }
  });

  test("answer pulls by tag and by digest, listings and the state of uploads as ever", async () => {
    const digest = await client.pushAll("image", "1.0");
    const upload = locationOf(await client.startUpload());
    await all.switchTo("read-only");
    await follow(one, two);
    for (const { gateway } of [one, two]) {
      const there = await pusher(gateway.url, all.authority);
      for (const reference of ["1.0", digest, "latest"])
        expect(await there.pull(reference)).toMatchObject({
          status: 200,
          headers: { "docker-content-digest": digest },
        });
      expect((await there.ask("/v2/alpha/app/tags/list")).body.toString()).toContain('"1.0"');
      expect((await there.ask(upload)).status).toBe(204);
    }
  });

  test("let a tag be locked all the same: that is the ledger's affair alone", async () => {
    await client.pushAll("image", "1.0");
    await all.switchTo("read-only");
    await follow(one, two);
    const lock = "/api/v1/repositories/alpha/app/tags/1.0/lock";
    expect((await client.ask(lock, { method: "PUT" })).status).toBe(200);
  });

  test("take pushes again when they are switched back, uploads that had begun included", async () => {
    const upload = locationOf(await client.startUpload());
    await all.switchTo("read-only");
    await follow(one, two);
    expect(await all.switchTo("normal", { reason: "moved" })).toBe(true);
    await eventually(
      "all are normal",
      () => modesOf(one, two).every((name) => name === "normal"),
      SECONDS_MS,
    );
    expect((await endUpload(client, upload, "layer")).status).toBe(201);
    await client.pushAll("image", "1.0");
    expect(one.noted).toEqual(["normal", "read-only", "normal"]);
  });

  test("are on record with who did it and why, once for each change", async () => {
    expect(await all.switchTo("normal")).toBe(false);
    expect(await all.switchTo("read-only", { drainSeconds: 60 })).toBe(true);
    expect(await all.switchTo("read-only", { drainSeconds: 60 })).toBe(false);
    expect(await all.switchTo("normal", { reason: "moved" })).toBe(true);
    const changes = (await all.ledger.audited()).filter(({ action }) => action === "mode.changed");
    expect(changes).toMatchObject([
      {
        actor: { uid: "olga" },
        reason: "the storage moves",
        detail: { mode: "read-only", before: "normal", drainSeconds: 60 },
      },
      { actor: { uid: "olga" }, reason: "moved", detail: { mode: "normal", before: "read-only" } },
    ]);
  });
});

describe("an upload in flight", () => {
  test("goes on while there is time, and the registry is at rest when it has ended", async () => {
    const upload = locationOf(await client.startUpload());
    const patch = await client.beginPatch(upload);
    await all.switchTo("read-only", { drainSeconds: 60 });
    await follow(one, two);
    const drained = drain();
    await eventually("the upload is waited for", async () =>
      (await open()).some((line) => line.startsWith("uploads (1 known) may go on for")),
    );
    const { status, location } = await patch.finish();
    expect(status).toBe(202);
    expect((await endUpload(client, location, "", HELD)).status).toBe(201);
    expect(refusalIn(await client.startUpload())).toEqual(REFUSED);
    const began = performance.now();
    expect(await drained).toEqual([]);
    expect(performance.now() - began).toBeLessThan(SECONDS_MS);
  });

  test("is cut when its time is over, and nothing of it can go on", async () => {
    const upload = locationOf(await client.startUpload());
    const patch = await client.beginPatch(upload);
    await eventually("the gateway counts it", () => one.gate.writes() === 1);
    await all.switchTo("read-only", { drainSeconds: 1 });
    await follow(one, two);
    expect(await drain()).toEqual([]);
    await patch.cut;
    expect(one.gate.writes()).toBe(0);
    expect(refusalIn(await endUpload(client, upload, "layer"))).toEqual(REFUSED);
  });

  test("is cut also when nobody waits for the drain to end", async () => {
    const patch = await client.beginPatch(locationOf(await client.startUpload()));
    await all.switchTo("read-only", { drainSeconds: 1 });
    await patch.cut;
    await eventually("at rest", async () => (await open()).length === 0);
  });
});

describe("whoever waits for the registry to be at rest", () => {
  test("need not wait for the time to drain when nothing is under way", async () => {
    await all.switchTo("read-only", { drainSeconds: 3_600 });
    const began = performance.now();
    expect(await drain()).toEqual([]);
    expect(performance.now() - began).toBeLessThan(2 * SECONDS_MS);
  });

  test("waits for a gateway that cannot be told", async () => {
    await two.way.cut();
    await all.switchTo("read-only");
    await follow(one);
    expect(await drain(1)).toEqual(["two does not know of the change yet"]);
    await two.way.mend();
    expect(await drain()).toEqual([]);
  });

  test("does not wait for a gateway that has ended properly", async () => {
    await two.stop();
    await all.switchTo("read-only");
    expect(await drain()).toEqual([]);
  });

  test("waits for a tag that is reserved", async () => {
    await client.pushAll("image", "1.0");
    await all.switchTo("read-only");
    await all.db.query(
      `update ledger.tag set reservation = gen_random_uuid(), reserved_digest = digest,
              reserved_by = 'olga', reserved_until = now() + interval '1 minute'`,
    );
    expect(await drain(1)).toEqual([
      "tags being written: 1",
      expect.stringMatching(/^alpha\/app:1\.0: push by olga, since .* more at most$/),
    ]);
  });
});

describe("a gateway", () => {
  test("that starts while the others are read-only starts read-only", async () => {
    await all.switchTo("read-only");
    const late = await all.start("late");
    expect(modesOf(late)).toEqual(["read-only"]);
    const there = await pusher(late.gateway.url, all.authority);
    expect(refusalIn(await there.startUpload())).toEqual(REFUSED);
  });

  test("that hears no notification follows all the same", async () => {
    const deaf = await all.start("deaf", { deaf: true });
    await all.switchTo("read-only");
    await follow(deaf);
    await all.switchTo("normal");
    await eventually("it is normal", () => modesOf(deaf)[0] === "normal", SECONDS_MS);
  });

  test("keeps its mode while Postgres is away", async () => {
    const digest = await client.pushAll("image", "1.0");
    await all.switchTo("read-only");
    await follow(one, two);
    await one.way.cut();
    await all.switchTo("normal");
    await eventually("the other is normal", () => modesOf(two)[0] === "normal", SECONDS_MS);
    expect(refusalIn(await client.startUpload())).toEqual(REFUSED);
    expect((await client.pull(digest)).status).toBe(200);
    await one.way.mend();
    await eventually("it is normal too", () => modesOf(one)[0] === "normal");
  });

  test("goes on taking uploads when Postgres goes away in normal mode", async () => {
    await one.way.cut();
    expect((await client.startUpload()).status).toBe(202);
  });

  test("that has never reached Postgres lets nothing be written, and pulls by digest go on", async () => {
    const digest = await client.pushAll("image", "1.0");
    const cutOff = await all.start("cut-off", { cutOff: true });
    const there = await pusher(cutOff.gateway.url, all.authority);
    expect(refusalIn(await there.startUpload())).toMatchObject({
      status: 503,
      code: "UNAVAILABLE",
      message: "whether anything may be pushed is not known yet; try again",
    });
    expect((await there.pull(digest)).status).toBe(200);
    await cutOff.way.mend();
    await eventually("it knows", () => modesOf(cutOff)[0] === "normal");
    expect((await there.startUpload()).status).toBe(202);
  });
});
