import { beforeEach, describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { latestInheritance, type InheritanceDeps } from "#gateway/latest/inherit-latest.js";
import { ListingRefused } from "#service-kit/http/registry-listing.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { parseRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import { eventually } from "#tests/support/eventually.js";
import { gate } from "#tests/support/gate.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { tagPush } from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

const REPOSITORY = parseRepositoryName("alpha/app");
const SIGNATURE = `sha256-${"0".repeat(64)}.sig`;

let ledger: StartedLedger;
/** Tags of the registry, and the year in which their images were made. */
let tags: Map<string, number>;
let asked: string[];

useLedger((started) => {
  ledger = started;
});
beforeEach(() => {
  tags = new Map([
    ["1.0", 2024],
    ["2.0", 2026],
    ["3.0", 2025],
    [SIGNATURE, 2030],
    ["not a tag", 2031],
  ]);
  asked = [];
});

describe("what latest means on a registry that existed before", () => {
  test("is found by one look at each tag for all who ask at once, but for signatures", async () => {
    const find = finder();
    const found = await Promise.all(Array.from({ length: 20 }, () => find(REPOSITORY)));
    expect(found.map((latest) => latest?.tag)).toEqual(Array(20).fill("2.0"));
    expect(asked.filter((tag) => tag !== "latest").sort()).toEqual(["1.0", "2.0", "3.0"]);
    asked = [];
    expect((await find(REPOSITORY))?.tag).toBe("2.0");
    expect(asked).toEqual([]);
  });

  test("is not looked for again by whoever read that nobody knew, and came after the look was over", async () => {
    const late = gate();
    let reads = 0;
    const lateReader: InheritanceDeps["db"] = {
      ...ledger.db,
      query: async (text, values, name) => {
        const isSecond = name === "read latest" && (reads += 1) === 2;
        const answer = ledger.db.query(text, values, name);
        if (isSecond) await Promise.all([answer, late.opened]);
        return answer as never;
      },
    };
    const find = finder({ db: lateReader });
    const [first, second] = [find(REPOSITORY), find(REPOSITORY)];
    expect((await first)?.tag).toBe("2.0");
    late.open();
    expect((await second)?.tag).toBe("2.0");
    expect(asked.filter((tag) => tag !== "latest").sort()).toEqual(["1.0", "2.0", "3.0"]);
  });

  test("is not told while one tag cannot be asked for, and nothing is recorded", async () => {
    let isAway = true;
    const find = finder({
      upstreamDigest: ({ tag }) =>
        isAway && tag === "3.0" ? Promise.reject(new Error("no answer")) : digestOfTag(tag),
    });
    await expect(find(REPOSITORY)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await ledger.audited()).toEqual([]);
    isAway = false;
    expect((await find(REPOSITORY))?.tag).toBe("2.0");
  });

  test("is not told while the list breaks off, and is nothing where there is no list", async () => {
    let thrown: Error = new Error("cut off");
    const find = finder({
      listing: {
        tags: async function* () {
          yield ["1.0"];
          await Promise.resolve();
          throw thrown;
        },
      },
    });
    await expect(find(REPOSITORY)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    thrown = new ListingRefused("", 404);
    tags.delete("1.0");
    expect(await find(REPOSITORY)).toBeNull();
  });

  test("is found out to the end although whoever asked first was told to come again", async () => {
    const slow = gate();
    const find = finder({
      patience: { reader: 50, survey: 60_000 },
      upstreamDigest: async ({ tag }) => {
        if (tag === "1.0") await slow.opened;
        return digestOfTag(tag);
      },
    });
    await expect(find(REPOSITORY)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    slow.open();
    await eventually("it is recorded", async () => (await ledger.audited()).length > 0);
    expect((await find(REPOSITORY))?.tag).toBe("2.0");
    expect(asked.filter((tag) => tag === "2.0")).toHaveLength(1);
  });

  test("is given up after a time", async () => {
    const find = finder({
      patience: { reader: 60_000, survey: 50 },
      listing: {
        tags: async function* (_repository, signal) {
          yield [];
          await new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => {
              reject(signal.reason as Error);
            });
          });
        },
      },
    });
    await expect(find(REPOSITORY)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("is of many repositories found out four at a time", async () => {
    let [running, most] = [0, 0];
    const find = finder({
      listing: {
        tags: async function* () {
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
          yield [...tags.keys()];
        },
      },
    });
    const names = Array.from({ length: 8 }, (_, i) => parseRepositoryName(`alpha/app-${i}`));
    const found = await Promise.all(names.map(find));
    expect(found.map((latest) => latest?.tag)).toEqual(Array(8).fill("2.0"));
    expect(most).toBeLessThanOrEqual(4);
  });
});

function finder(change: Partial<InheritanceDeps> = {}) {
  const inheritance = latestInheritance({
    ...{ db: ledger.db, log: SILENT, audit: recordAudit },
    listing: {
      tags: async function* () {
        await Promise.resolve();
        yield [...tags.keys()];
      },
    },
    upstreamDigest: ({ tag }) => digestOfTag(tag),
    reader: {
      manifest: (_repository, digest) => {
        const year = [...tags].find(([tag]) => digestOf(Buffer.from(tag)) === digest)?.[1];
        const created = { "org.opencontainers.image.created": `${year ?? ""}-01-01T00:00:00Z` };
        const { reading } = tagPush("").manifest;
        return Promise.resolve({ ...reading, annotations: new Map(Object.entries(created)) });
      },
      blob: () => Promise.resolve(null),
    },
    ...change,
  });
  return (repository: RepositoryName) => inheritance.find(repository);
}

function digestOfTag(tag: string): Promise<Digest | null> {
  asked.push(tag);
  return Promise.resolve(tags.has(tag) ? digestOf(Buffer.from(tag)) : null);
}
