import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { keptManifests, type ManifestAddress } from "#gateway/ledger/kept-manifests.js";
import { digestOf } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { gate } from "#tests/support/gate.js";

const mediaType = "application/vnd.oci.image.manifest.v1+json";
const content = Buffer.from("a manifest");
const app = { repository: parseRepositoryName("alpha/app"), digest: digestOf(content) };
const other = { ...app, repository: parseRepositoryName("beta/app") };

/** A ledger with some manifests, which answers as the test wants. */
function ledgerWith(...there: ManifestAddress[]) {
  const names = new Set(there.map(nameOf));
  const ledger = {
    names,
    bytes: content,
    asked: [] as string[],
    isAway: false,
    before: () => Promise.resolve(),
    db: {
      query: async (_sql: string, [repository, digest]: [string, string], statement: string) => {
        ledger.asked.push(statement);
        const isThere = names.has(`${repository}@${digest}`);
        await ledger.before();
        if (ledger.isAway) throw new Fault("UNAVAILABLE");
        const row = { mediaType, content: ledger.bytes };
        return { rows: isThere ? [row] : [], rowCount: isThere ? 1 : 0 };
      },
    } as unknown as Queryable,
  };
  return ledger;
}

function keep(ledger: { db: Queryable }, bytes = 1024 ** 2) {
  const clock = { at: 0 };
  const kept = keptManifests({
    db: ledger.db,
    ask: (question) => question(),
    bytes,
    now: () => clock.at,
    freshMilliseconds: 1_000,
  });
  return { clock, kept };
}

describe("a manifest of the ledger", () => {
  test("is in memory once it was found, and is asked for again when a second has passed, without its bytes", async () => {
    const ledger = ledgerWith(app);
    const { clock, kept } = keep(ledger);
    expect(kept.inMemory(app, true)).toBeNull();
    expect(await kept.find(app)).toMatchObject({ digest: app.digest, mediaType, content });
    expect(kept.inMemory(app, false)).toMatchObject({ content });
    clock.at = 1_000;
    expect(kept.inMemory(app, false)).toBeNull();
    expect(kept.inMemory(app, true)).toMatchObject({ content });
    await kept.find(app);
    expect(kept.inMemory(app, false)).toMatchObject({ content });
    expect(ledger.asked).toEqual(["read standing manifest", "is standing manifest"]);
  });

  test("is nothing of another repository, which may hold the same", async () => {
    const { kept } = keep(ledgerWith(app));
    await kept.find(app);
    expect(kept.inMemory(other, true)).toBeNull();
    expect(await kept.find(other)).toBeNull();
  });

  test("that is deleted is served no more: at once where that was told, within a second anywhere", async () => {
    for (const isTold of [true, false]) {
      const ledger = ledgerWith(app);
      const { clock, kept } = keep(ledger);
      await kept.find(app);
      ledger.names.clear();
      if (isTold) kept.forget(app);
      else clock.at = 1_000;
      expect(kept.inMemory(app, false)).toBeNull();
      expect(await kept.find(app)).toBeNull();
      expect(kept.inMemory(app, true)).toBeNull();
    }
  });

  test("that is deleted while it is read is not kept", async () => {
    const ledger = ledgerWith(app);
    const answer = gate();
    ledger.before = () => answer.opened;
    const { kept } = keep(ledger);
    const reading = kept.find(app);
    ledger.names.clear();
    kept.forget(app);
    const again = kept.find(app);
    answer.open();
    expect(await reading).toMatchObject({ content });
    expect(await again).toBeNull();
    expect(kept.inMemory(app, true)).toBeNull();
  });

  test("is asked for again when something may have been missed", async () => {
    const ledger = ledgerWith(app);
    const { kept } = keep(ledger);
    await kept.find(app);
    kept.missed();
    expect(kept.inMemory(app, false)).toBeNull();
  });

  test("is read once for all who ask for it at the same time", async () => {
    const ledger = ledgerWith(app);
    const { kept } = keep(ledger);
    const found = await Promise.all(Array.from({ length: 50 }, () => kept.find(app)));
    expect(found.every((one) => one?.content.equals(content))).toBe(true);
    expect(ledger.asked).toHaveLength(1);
  });

  test("is asked for anew where a second has passed since those before asked and have no answer", async () => {
    const ledger = ledgerWith(app);
    const answer = gate();
    ledger.before = () => answer.opened;
    const { clock, kept } = keep(ledger);
    const first = kept.find(app);
    clock.at = 1_000;
    const second = kept.find(app);
    answer.open();
    await Promise.all([first, second]);
    expect(ledger.asked).toHaveLength(2);
  });

  test("is a text, too, where each of its characters is one byte, and only then", async () => {
    for (const [bytes, text] of [
      [Buffer.from("plain"), "plain"],
      [Buffer.from("grün"), null],
    ] as const) {
      const address = { ...app, digest: digestOf(bytes) };
      const ledger = ledgerWith(address);
      ledger.bytes = bytes;
      expect(await keep(ledger).kept.find(address)).toMatchObject({ content: bytes, text });
    }
  });

  test("that could not be read is read anew by the next", async () => {
    const ledger = ledgerWith(app);
    const { kept } = keep(ledger);
    ledger.isAway = true;
    await expect(kept.find(app)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    ledger.isAway = false;
    expect(await kept.find(app)).toMatchObject({ content });
  });

  test("whose bytes are not those of its digest is none", async () => {
    const ledger = ledgerWith(app);
    ledger.bytes = Buffer.from("something else");
    const { kept } = keep(ledger);
    expect(await kept.find(app)).toBeNull();
    expect(kept.inMemory(app, true)).toBeNull();
  });
});

test("memory is bounded: what was asked for longest ago makes room", async () => {
  const ledger = ledgerWith(app, other);
  const { kept } = keep(ledger, 1_500);
  await kept.find(app);
  await kept.find(other);
  expect(kept.inMemory(app, true)).toBeNull();
  expect(kept.inMemory(other, true)).toMatchObject({ content });
});

test("whatever is asked for, forgotten and missed in whatever order: nothing of one repository comes from another", async () => {
  const contents = ["a", "b", "c"].map((text) => Buffer.from(text));
  const repositories = ["alpha/app", "alpha/app2", "beta/app"].map(parseRepositoryName);
  const address = fc
    .record({ repository: fc.constantFrom(...repositories), of: fc.constantFrom(...contents) })
    .map(({ repository, of }) => ({ repository, digest: digestOf(of) }));
  const step = fc.record({
    address,
    what: fc.constantFrom("find", "forget", "missed", "memory"),
    isMeant: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(address, { maxLength: 5 }),
      fc.array(step, { maxLength: 40 }),
      async (there, steps) => {
        const has = new Set(there.map(nameOf));
        const db = {
          query: (_sql: string, [repository, digest]: [string, string]) => {
            const isThere = has.has(`${repository}@${digest}`);
            const of = contents.find((each) => digestOf(each) === digest);
            const rows = isThere ? [{ mediaType, content: of }] : [];
            return Promise.resolve({ rows, rowCount: rows.length });
          },
        } as unknown as Queryable;
        const { kept } = keep({ db });
        for (const { address: of, what, isMeant } of steps) {
          if (what === "forget") kept.forget(of);
          else if (what === "missed") kept.missed();
          else {
            const found = what === "find" ? await kept.find(of) : kept.inMemory(of, isMeant);
            if (what === "find") expect(found !== null).toBe(has.has(nameOf(of)));
            if (found !== null) expect(has.has(nameOf(of))).toBe(true);
            if (found !== null) expect(digestOf(found.content)).toBe(of.digest);
          }
        }
      },
    ),
  );
});

function nameOf({ repository, digest }: ManifestAddress): string {
  return `${repository}@${digest}`;
}
