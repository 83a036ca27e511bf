import { cp, rm } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { STEP } from "#registry-protocol/storage-marker.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { SYSTEM } from "#audit-log/entry.js";
import { takeStorage } from "#gateway/storage/accept-storage.js";
import { readStorage } from "#gateway/storage/sql.js";
import { followStep } from "#gateway/storage/step-sql.js";
import { takeStep } from "#gateway/storage/take-step.js";
import { registryUpstream } from "#gateway/upstream/upstream.js";
import { eventually } from "#tests/support/eventually.js";
import type { TestGateway } from "#tests/support/gateway.js";
import { errorOf } from "#tests/support/http-client.js";
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

  test("an older copy of the storage is noticed: nothing is pushed to it, and no tag counts as missing", async () => {
    await pushed("1.0");
    await copied();
    await pushed("2.0");
    await registry.restartOn("copy");
    expect((await push("3.0")).status).toBe(503);
    await eventually("the gateway has noticed", async () => !(await ready()));
    const refused = await push("3.0");
    expect(refused.status).toBe(503);
    expect(errorOf(refused).message).toContain("it is an older state of this storage: it is as of");
    expect(await gateway.metrics()).toContain("registry_storage_right 0");
    for (let i = 0; i < 4; i += 1)
      expect(await discover()).toMatchObject({ adopted: 0, missing: 0, compared: 0 });

    await registry.restartOn("production");
    await eventually("the gateway has noticed", () => ready());
    await pushed("3.0");
    for (const tag of ["1.0", "2.0", "3.0"]) expect((await pull(tag)).status).toBe(200);
  });

  test("an older copy that is accepted counts, and the newer one that it replaced does not any more", async () => {
    await pushed("1.0");
    await copied();
    await pushed("2.0");
    await pushed("2.1");
    await registry.restartOn("copy");
    expect((await push("3.0")).status).toBe(503);
    await accept();
    await eventually("the gateway follows", () => ready());
    await pushed("3.0");

    await registry.restartOn("production");
    expect((await push("4.0")).status).toBe(503);
    await registry.restartOn("copy");
    await eventually("the gateway has noticed", () => ready());
    await pushed("4.0");
  });

  test("a ledger that was given an older state back follows the storage", async () => {
    await pushed("1.0");
    const before = await readStorage(ledger.db);
    await pushed("2.0");
    const { number = 0, digest = null } = before?.step ?? {};
    await ledger.db.query("update ledger.storage_step set number = $1, digest = $2", [
      number,
      digest,
    ]);
    await eventually("the ledger has followed", async () => (await stepNumber()) > number);
    // Another process that has seen the same comes too late with it.
    const stale = { storage: before?.id ?? "", number, digest };
    expect(await followStep(ledger.db, stale)).toBe(false);
    expect(await stepNumber()).toBeGreaterThan(number);
    await pushed("3.0");
  });

  test("a step that the registry carries out late is put right by another one", async () => {
    await pushed("1.0");
    const old = await stepThere();
    await pushed("2.0");
    const { content, mediaType } = old;
    const errand = { subject: "", clientAddress: "", requestId: "" };
    const { repository, tag } = STEP;
    const late = { repository, reference: { tag }, content, mediaType, ...errand };
    const before = await stepNumber();
    await upstream().putManifest(late);
    expect((await push("3.0")).status).toBe(201);
    await eventually("another step was taken", async () => (await stepNumber()) > before);
    expect(await ready()).toBe(true);
  });

  test("no step is taken while nothing is recorded, nor while nothing may be written", async () => {
    await pushed("1.0");
    const { digest } = await stepThere();
    const steps = { seconds: 0, admit: () => () => undefined };
    const deps = { db: ledger.db, database: ledger.config, log: SILENT, registry: upstream() };
    await takeStep({ ...deps, steps });
    expect((await stepThere()).digest).toBe(digest);

    await gateway.stop();
    await ledger.db.query("select audit.append(0, '{}', 'tag.pushed', 'alpha/app')");
    const readOnly = () => {
      throw new Error("read-only");
    };
    await expect(takeStep({ ...deps, steps: { ...steps, admit: readOnly } })).rejects.toThrow();
    expect((await stepThere()).digest).toBe(digest);
    await takeStep({ ...deps, steps });
    expect((await stepThere()).digest).not.toBe(digest);
    // Where the registry deletes, the one before is gone.
    expect(await upstream().hasManifest(STEP.repository, digest)).toBe(false);
    gateway = await start();
  });
});

function start(): Promise<TestGateway> {
  return startWatching(ledger, authority, registry);
}

/** Pushes a tag, and waits until the storage has taken a step that covers it. */
async function pushed(tag: string): Promise<void> {
  expect((await push(tag)).status).toBe(201);
  await eventually("the storage has taken a step", async () => {
    const { rows } = await ledger.db.query(
      `select from ledger.storage_step
       where next_digest is null and stepped_at is not null
         and entries >= (select sum(position) from audit.chain_head)`,
    );
    return rows.length === 1;
  });
}

/** The registry stands still meanwhile. */
async function copied(): Promise<void> {
  await registry.end();
  await rm(registry.folder("copy"), { recursive: true, force: true });
  await cp(registry.folder("production"), registry.folder("copy"), { recursive: true });
  await registry.restartOn("production");
  await eventually("the gateway has noticed", () => ready());
}

function push(tag: string) {
  return pushTo(gateway, authority, tag);
}

function pull(tag: string) {
  return pullFrom(gateway, authority, tag);
}

function ready(): Promise<boolean> {
  return isReady(gateway);
}

async function stepNumber(): Promise<number> {
  return (await readStorage(ledger.db))?.step?.number ?? 0;
}

async function stepThere() {
  const digest = await upstream().digestOfTag(STEP.repository, STEP.tag);
  const manifest = digest === null ? null : await upstream().getManifest(STEP.repository, digest);
  if (manifest === null) throw new Error("there is no step");
  return manifest;
}

/** A pass as the gateway makes it. */
function discover() {
  return discovererOf(ledger, ledger.db, gateway.registry)();
}

function upstream() {
  return registryUpstream(registry.url, () => "Bearer of the operator");
}

function accept(): Promise<string> {
  const deps = { db: ledger.db, audit: recordAudit, registry: upstream() };
  return takeStorage(deps, SYSTEM, "the newer one is lost");
}
