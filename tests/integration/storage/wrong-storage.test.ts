import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { MARKER } from "#registry-protocol/storage-marker.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { SYSTEM } from "#audit-log/entry.js";
import { takeStorage } from "#gateway/storage/accept-storage.js";
import { writeMarker } from "#gateway/storage/first-marker.js";
import { readStorage } from "#gateway/storage/sql.js";
import { takeStep } from "#gateway/storage/take-step.js";
import { registryUpstream } from "#gateway/upstream/upstream.js";
import { eventually } from "#tests/support/eventually.js";
import type { TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf } from "#tests/support/http-client.js";
import { pushSmall } from "#tests/support/small-images.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { discovererOf } from "../discovery/support/discoverer.js";
import { registryPrograms } from "../tags/support/registry.js";
import { isReady, pullFrom, pushTo, startWatching } from "./support/clients.js";
import { startMovedRegistry, type MovedRegistry } from "./support/moved-registry.js";

let ledger: StartedLedger;
let authority: TokenAuthority;
let registry: MovedRegistry;
let gateway: TestGateway;

useLedger((started) => {
  ledger = started;
});

describe.each(registryPrograms())("registry $version", ({ file }) => {
  beforeEach(async () => {
    authority = await startTokenAuthority();
    registry = await startMovedRegistry(file, "production");
    gateway = await start();
  });
  afterEach(async () => {
    await gateway.stop();
    await registry.stop();
    await authority.server.stop();
  });

  test("gets a marker that nobody sees, and that a gateway after the first one knows", async () => {
    expect(await ready()).toBe(true);
    expect((await push("1.0")).status).toBe(201);
    const second = await start();
    expect((await ask(second.url, "/ready")).status).toBe(200);
    await second.stop();
    expect(await actions()).toEqual(["storage.marked", "tag.pushed"]);

    const catalog = { type: "registry", name: "catalog", actions: ["*"] } as const;
    const headers = { Authorization: `Bearer ${await authority.sign({ access: [catalog] })}` };
    const answer = await ask(gateway.url, "/v2/_catalog", { headers });
    expect(JSON.parse(answer.body.toString())).toEqual({ repositories: ["alpha/app"] });
    expect((await ask(registry.url, "/v2/_catalog")).body.toString()).toContain(MARKER.repository);
    expect(await discover()).toMatchObject({ repositories: 1, tags: 1, adopted: 0, errors: 0 });
    // A gateway of the version before, beside these, takes it for a tag as any other.
    await ledger.db.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at, origin)
       select $1, $2, digest, '', now() - interval '1 hour', 'adopted' from ledger.storage`,
      [MARKER.repository, MARKER.tag],
    );
    expect(await discover()).toMatchObject({ repositories: 1, tags: 1, errors: 0 });
    const listed = await ask(gateway.url, "/v2/_catalog", { headers });
    expect(JSON.parse(listed.body.toString())).toEqual({ repositories: ["alpha/app"] });
  });

  test.each([
    ["GET", `manifests/${MARKER.tag}`],
    ["PUT", `manifests/${MARKER.tag}`],
    ["DELETE", `manifests/${MARKER.tag}`],
    ["GET", "tags/list"],
    ["POST", "blobs/uploads/"],
  ])("lets nobody %s its marker: %s", async (method, path) => {
    const bearer = await authority.bearer(["pull", "push", "delete"], MARKER.repository);
    const target = `/v2/${MARKER.repository}/${path}`;
    const answer = await ask(gateway.url, target, { method, headers: { Authorization: bearer } });
    expect([answer.status, errorOf(answer).code]).toEqual([403, "DENIED"]);
    const upstream = registryUpstream(registry.url, () => "Bearer of somebody");
    expect(await upstream.digestOfTag(MARKER.repository, MARKER.tag)).not.toBeNull();
  });

  test("on another folder for a while: nothing is taken from there and nothing written to it", async () => {
    expect((await push("1.0")).status).toBe(201);
    expect((await push("1.1")).status).toBe(201);
    // Another installation's storage, with a marker of its own and tags that nobody pushed here.
    await registry.restartOn("staging");
    const staging = { url: registry.url, bearer: "" };
    await markStaging();
    for (const name of ["alpha/app", "staging/app"])
      expect((await pushSmall({ ...staging, name }, "4.0")).status).toBe(201);

    await eventually("the gateway has noticed", async () => !(await ready()));
    const refused = await push("2.0");
    expect(refused.status).toBe(503);
    expect(errorOf(refused).message).toContain("this is not the registry's storage");
    expect(await gateway.metrics()).toContain("registry_storage_right 0");
    // What only this registry knows is not told, and not taken over.
    expect((await pull("4.0")).status).toBe(503);
    for (let i = 0; i < 4; i += 1)
      expect(await discover()).toMatchObject({ adopted: 0, missing: 0, compared: 0 });
    expect((await ask(registry.url, "/v2/alpha/app/manifests/1.0")).status).toBe(404);

    await registry.restartOn("production");
    await eventually("the gateway has noticed", () => ready());
    expect((await push("4.0")).status).toBe(201);
    for (const tag of ["1.0", "1.1", "4.0"]) expect((await pull(tag)).status).toBe(200);
    expect((await pull("latest")).status).toBe(200);
    expect(await discover()).toMatchObject({ adopted: 0, absent: 0, drifted: 0, errors: 0 });
    expect(await actions()).toEqual([
      "storage.marked",
      ...["tag.pushed", "tag.pushed", "tag.pushed"],
    ]);
  });

  test("on an empty folder: no push is acknowledged into it, also by a gateway that starts then", async () => {
    expect((await push("1.0")).status).toBe(201);
    await registry.restartOn("nothing");
    const second = await start();
    expect((await ask(second.url, "/ready")).status).toBe(503);
    expect((await push("2.0", second)).status).toBe(503);
    await second.stop();
    // Whether it has looked since or not.
    expect((await push("2.0")).status).toBe(503);
    await registry.restartOn("production");
    await eventually("the gateway has noticed", () => ready());
    expect((await push("2.0")).status).toBe(201);
    expect((await pull("1.0")).status).toBe(200);
  });

  test("on another one just when the first step is taken: that step makes it none of ours", async () => {
    await eventually("the storage is known", () => ready());
    await gateway.stop();
    await ledger.db.query("delete from ledger.storage_step");
    const content = JSON.stringify({ actor: SYSTEM, reason: "something is recorded" });
    await ledger.db.query("select audit.append(0, $1, 'tag.pushed', 'alpha/app')", [content]);
    await registry.restartOn("staging");
    await markStaging();
    const steps = { seconds: 0, admit: () => () => undefined };
    const upstream = registryUpstream(registry.url, () => "Bearer of a gateway");
    const deps = { db: ledger.db, database: ledger.config, log: SILENT, registry: upstream };
    await takeStep({ ...deps, steps });
    expect((await readStorage(ledger.db))?.step?.digest ?? null).toBeNull();
    gateway = await start();
    expect((await push("1.0")).status).toBe(503);

    await registry.restartOn("production");
    await eventually("the gateway has noticed", () => ready());
    expect((await push("1.0")).status).toBe(201);
  });

  test("on an empty folder whose ledger is full and has no marker: it gets none, unless an operator says so", async () => {
    expect((await push("1.0")).status).toBe(201);
    // As an installation from before markers has it.
    await ledger.db.query("delete from ledger.storage");
    await registry.restartOn("nothing");
    await eventually("the gateway has noticed", async () => !(await ready()));
    expect((await push("2.0")).status).toBe(503);
    expect((await ask(registry.url, "/v2/_catalog")).body.toString()).not.toContain("identity");

    await accept();
    await eventually("the gateway follows", () => ready());
    expect((await push("2.0")).status).toBe(201);
    expect(await actions()).toContain("storage.accepted");
  });

  test("that has what a ledger from before markers knows gets one by itself", async () => {
    expect((await push("1.0")).status).toBe(201);
    await ledger.db.query("delete from ledger.storage");
    await removeMarker();
    await eventually("it has got another one", async () => {
      const { rows } = await ledger.db.query(
        "select from ledger.storage where written_at is not null",
      );
      return rows.length === 1 && (await ready());
    });
    expect((await push("2.0")).status).toBe(201);
  });

  test("whose marker is gone takes no pushes until an operator says that it is the right one", async () => {
    expect((await push("1.0")).status).toBe(201);
    await removeMarker();
    await eventually("the gateway has noticed", async () => !(await ready()));
    expect((await push("2.0")).status).toBe(503);
    await accept();
    await eventually("the gateway follows", () => ready());
    expect((await push("2.0")).status).toBe(201);
  });
});

function start(): Promise<TestGateway> {
  return startWatching(ledger, authority, registry);
}

function push(tag: string, to = gateway) {
  return pushTo(to, authority, tag);
}

function pull(tag: string) {
  return pullFrom(gateway, authority, tag);
}

function ready(): Promise<boolean> {
  return isReady(gateway);
}

/** A pass as the gateway makes it. */
function discover() {
  return discovererOf(ledger, ledger.db, gateway.registry)();
}

async function actions(): Promise<string[]> {
  return (await ledger.audited()).map(({ action }) => action);
}

function accept(): Promise<string> {
  const upstream = registryUpstream(registry.url, () => "Bearer of the operator");
  return takeStorage({ db: ledger.db, audit: recordAudit, registry: upstream }, SYSTEM, "moved");
}

/** As somebody does who knows nothing of it. */
async function removeMarker(): Promise<void> {
  const upstream = registryUpstream(registry.url, () => "Bearer of somebody");
  const digest = await upstream.digestOfTag(MARKER.repository, MARKER.tag);
  if (digest === null) throw new Error("there is no marker");
  const errand = { subject: "", clientAddress: "", requestId: "" };
  await upstream.deleteManifest(MARKER.repository, { digest }, errand);
}

async function markStaging(): Promise<void> {
  const upstream = registryUpstream(registry.url, () => "Bearer of staging");
  await writeMarker(upstream, "00000000-0000-4000-8000-000000000000");
}
