import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { releaseCanary, whatRemembers } from "#gateway/mode/canary.js";
import { readCanary } from "#gateway/mode/canary-sql.js";
import { operator } from "#audit-log/operator.js";
import { switchMode } from "#gateway/mode/switch-mode.js";
import { registryProcesses } from "#gateway/upstream/registry-processes.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { startStock, type TestRegistry } from "#tests/support/registry.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { useLedger } from "#tests/support/use-ledger.js";

const run = promisify(execFile);

let ledger: StartedLedger;
useLedger((started) => {
  ledger = started;
});

/** It remembers blobs, as the configuration for S3 has it. */
const by = { audit: recordAudit, actor: operator("olga", {}) };

describe.each(registryPrograms())("after a collection, registry $version", ({ file }) => {
  let folder: TemporaryFolder;
  let running: TestRegistry[];
  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  beforeEach(() => {
    running = [];
  });
  afterEach(() => Promise.all(running.map((registry) => registry.stop())));
  afterAll(() => folder.remove());

  const storage = (cache: object) => ({
    filesystem: { rootdirectory: join(folder.path, "data") },
    ...cache,
  });
  const start = async (cache: object = { cache: { blobdescriptor: "inmemory" } }) => {
    const registry = await startStock(file, { storage: storage(cache) });
    running.push(registry);
    return registry;
  };
  const stop = async (registry: TestRegistry) => {
    running = running.filter((one) => one !== registry);
    await registry.stop();
  };
  const deps = (...registries: readonly TestRegistry[]) => {
    const urls = registries.map(({ url }) => url);
    return { ...by, db: ledger.db, registry: registryProcesses(urls[0] ?? "", urls, () => "") };
  };
  const collect = async () => {
    const config = join(folder.path, "collect.yml");
    await writeFile(config, JSON.stringify({ version: "0.1", storage: storage({}) }));
    await run(file, ["garbage-collect", config]);
  };

  test("a registry that was not restarted is named, with what to do; one that was is not", async () => {
    const [one, two] = [await start(), await start()];
    expect(await releaseCanary(deps(one, two))).toEqual([one.url, two.url]);
    expect((await ledger.audited()).at(-1)).toMatchObject({
      ...{ action: "canary.written", actor: { uid: "olga", kind: "command" } },
      detail: { processes: 2 },
    });
    expect(await whatRemembers(deps(one, two))).toHaveLength(2);
    await collect();
    expect(await whatRemembers(deps(one, two))).toEqual([
      expect.stringMatching(new RegExp(`^${one.url} still has .*restart this registry$`)),
      expect.stringMatching(new RegExp(`^${two.url} still has .*restart this registry$`)),
    ]);
    await stop(one);
    const again = await start();
    expect(await whatRemembers(deps(again, two))).toEqual([
      expect.stringContaining(`${two.url} still has`),
    ]);
    await stop(two);
    expect(await whatRemembers(deps(again, await start()))).toEqual([]);
  });

  test("a registry that remembers nothing needs no restart", async () => {
    const registry = await start({});
    await releaseCanary(deps(registry));
    await collect();
    expect(await whatRemembers(deps(registry))).toEqual([]);
  });

  test("that never was, nothing is proven, whether or not the registry was restarted", async () => {
    const registry = await start();
    await releaseCanary(deps(registry));
    await stop(registry);
    expect(await whatRemembers(deps(await start()))).toEqual([
      expect.stringContaining("garbage was not collected"),
    ]);
  });

  test("nothing is proven while no process answers; one that has ended remembers nothing", async () => {
    const [one, two] = [await start({}), await start({})];
    await releaseCanary(deps(one, two));
    await collect();
    await stop(two);
    expect(await whatRemembers(deps(one, two))).toEqual([]);
    await stop(one);
    expect(await whatRemembers(deps(one, two))).toEqual(["no process of the registry answers"]);
  });

  test("every address of the registry's name is asked", async () => {
    const registry = await start({});
    const { port } = new URL(registry.url);
    const processes = registryProcesses(`http://localhost:${port}`, [], () => "");
    expect(await releaseCanary({ ...by, db: ledger.db, registry: processes })).toEqual([
      `localhost:${port} at 127.0.0.1`,
    ]);
  });
});

test("a process of another storage is told when the canary is written", async () => {
  const [program] = registryPrograms();
  const [one, other] = [
    await startStock(program?.file ?? ""),
    await startStock(program?.file ?? ""),
  ];
  const registry = registryProcesses(one.url, [one.url, other.url], () => "");
  await expect(releaseCanary({ ...by, db: ledger.db, registry })).rejects.toThrow(
    `${other.url} does not have what was just uploaded`,
  );
  await Promise.all([one.stop(), other.stop()]);
});

test("a canary is asked for until pushes are welcome again, and no longer", async () => {
  const change = { reason: "garbage", actor: operator("olga", {}), drainSeconds: 0 };
  const deps = { db: ledger.db, audit: recordAudit };
  await switchMode(deps, { ...change, mode: "read-only" });
  await ledger.db.query(
    "insert into ledger.canary (repository, digest) values ('a/b', 'sha256:c')",
  );
  expect(await readCanary(ledger.db)).toEqual({ repository: "a/b", digest: "sha256:c" });
  await switchMode(deps, { ...change, mode: "normal" });
  expect(await readCanary(ledger.db)).toBeNull();
});
