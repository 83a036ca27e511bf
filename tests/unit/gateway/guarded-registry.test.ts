import { describe, expect, test } from "@jest/globals";
import { guardedRegistry, type GuardedRegistry } from "#gateway/storage/guarded-registry.js";
import type { StorageWatch } from "#gateway/storage/storage-watch.js";
import { Fault } from "#registry-protocol/faults.js";

type Watch = Pick<StorageWatch, "sure" | "beforeWrite">;

const right = () => Promise.resolve();
const doubted = () => Promise.reject(new Fault("UNAVAILABLE"));

/** A registry that notes what it was asked to do. */
function guardedBy(watch: Watch) {
  const asked: string[] = [];
  const note = (what: string) => () => {
    asked.push(what);
    return Promise.resolve();
  };
  const upstream = { putManifest: note("put"), deleteManifest: note("delete") };
  const registry = { upstream, listing: {} } as unknown as GuardedRegistry;
  return { asked, guarded: guardedRegistry(registry, watch).upstream };
}

const WRITES = ["putManifest", "deleteManifest"] as const;

describe.each(WRITES)("%s", (name) => {
  const write = ({ guarded }: ReturnType<typeof guardedBy>) =>
    (guarded[name] as (...of: unknown[]) => Promise<unknown>)();

  test("reaches a registry whose storage is the right one before and after", async () => {
    const registry = guardedBy({ sure: right, beforeWrite: right });
    await write(registry);
    expect(registry.asked).toHaveLength(1);
  });

  test("is not sent to a registry that may have been started on another storage", async () => {
    const registry = guardedBy({ sure: right, beforeWrite: doubted });
    await expect(write(registry)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(registry.asked).toEqual([]);
  });

  test("is not believed when the storage is in doubt after it", async () => {
    const registry = guardedBy({ sure: doubted, beforeWrite: right });
    await expect(write(registry)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
