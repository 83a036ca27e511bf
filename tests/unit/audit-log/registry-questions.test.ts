import { describe, expect, test } from "@jest/globals";
import { untilTold, type AskRegistry } from "#audit-log/verify/ask-registry.js";
import type { PartQuestions } from "#audit-log/verify/missing-parts.js";
import { registryParts } from "#audit-log/verify/registry-parts.js";
import { registryTags } from "#audit-log/verify/registry-tags.js";
import { parseDigest } from "#registry-protocol/digest.js";
import type { NeededPart } from "#registry-protocol/manifest/needed-parts.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";

const REPOSITORY = parseRepositoryName("alpha/app");
const DIGEST = parseDigest(`sha256:${"1".repeat(64)}`);
const OTHER = `sha256:${"2".repeat(64)}`;
const BLOB: NeededPart = { kind: "blob", digest: DIGEST };
const MANIFEST: NeededPart = { kind: "manifest", digest: DIGEST };
const NO_DATABASE = null as unknown as Queryable;

/** What a registry answers, in order; the last one is what it says from then on. */
type Answered = readonly (readonly [status: number, headers?: Record<string, string>])[];

/** @returns a registry that answers so, and what it was asked */
function registry(...answers: Answered): { ask: AskRegistry; asked: string[] } {
  const asked: string[] = [];
  const ask: AskRegistry = (repository, path, { method = "HEAD", headers = {} } = {}) => {
    const [status, told = {}] = answers[Math.min(asked.length, answers.length - 1)] ?? [500];
    asked.push([method, repository, path, ...Object.values(headers)].join(" "));
    return Promise.resolve(new Response(null, { status, headers: told }));
  };
  return { ask, asked };
}

const partsOf = (...answers: Answered): PartQuestions =>
  registryParts(NO_DATABASE, registry(...answers).ask);
const length = (bytes: number) => ({ "Content-Length": String(bytes) });

describe("whether a part stands at the registry", () => {
  test.each<[part: NeededPart, size: number | undefined, answers: Answered, standing: string]>([
    [BLOB, 7, [[200, length(7)]], "there"],
    [BLOB, 7, [[200, length(8)]], "cut"],
    [BLOB, undefined, [[200, length(8)]], "there"],
    // One that is passed on packed has no size, and neither has one of the storage's own.
    [BLOB, 7, [[200]], "there"],
    [BLOB, 7, [[307, length(0)]], "there"],
    [BLOB, 7, [[404]], "missing"],
    [MANIFEST, 7, [[200, length(8)]], "there"],
    [MANIFEST, 7, [[404]], "missing"],
    // What it has and cannot read it knows by its name.
    [MANIFEST, 7, [[500], [304]], "there"],
  ])("%j of %s bytes, by %j: %s", async (part, size, answers, standing) => {
    expect(await partsOf(...answers).stands(REPOSITORY, part, size)).toBe(standing);
  });

  test("cannot be told by what says neither", async () => {
    const doubts: [part: NeededPart, answers: Answered, problem: string][] = [
      [BLOB, [[500], [304], [500], [304]], "the registry answered 500"],
      [BLOB, [[302]], "the registry answered 302"],
      [MANIFEST, [[307]], "the registry answered 307"],
      [MANIFEST, [[500], [200], [500], [200], [500], [200]], "the registry answered 200"],
    ];
    await Promise.all(
      doubts.map(async ([part, answers, problem]) => {
        const told = partsOf(...answers).stands(REPOSITORY, part);
        await expect(told).rejects.toThrow(problem);
      }),
    );
  });

  test("is asked again when it was missing, and not when it was there", async () => {
    const { ask, asked } = registry([404], [200, length(7)]);
    const parts = registryParts(NO_DATABASE, ask);
    expect(await parts.stands(REPOSITORY, BLOB, 7)).toBe("missing");
    expect(await parts.stands(REPOSITORY, BLOB, 7)).toBe("there");
    expect(await parts.stands(REPOSITORY, BLOB, 8)).toBe("cut");
    expect(asked).toEqual(Array(2).fill(`HEAD alpha/app blobs/${DIGEST}`));
    await parts.stands(parseRepositoryName("alpha/shop"), BLOB);
    expect(asked).toHaveLength(3);
  });
});

describe("what a manifest says that only the registry has", () => {
  const reading = (...answers: Answered) =>
    partsOf(...answers).reading({ repository: REPOSITORY, digest: DIGEST, isKept: false, isTagged: true }); // prettier-ignore

  test.each<[Answered]>([[[[404]]], [[[500]]]])("cannot be read by %j", async (answers) => {
    expect(await reading(...answers)).toBeNull();
  });

  test("cannot be told while the registry answers otherwise", async () => {
    await expect(reading([401])).rejects.toThrow("the registry answered 401");
  });

  test("is read when the registry answers in the end", async () => {
    const content = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'; // prettier-ignore
    let times = 0;
    const ask: AskRegistry = (_repository, path, request) => {
      expect([path, request?.method]).toEqual([`manifests/${DIGEST}`, "GET"]);
      times += 1;
      const headers = { "Content-Type": "application/vnd.oci.image.index.v1+json" };
      return Promise.resolve(new Response(content, { status: times === 1 ? 503 : 200, headers }));
    };
    const known = { repository: REPOSITORY, digest: DIGEST, isKept: false, isTagged: true };
    expect(await registryParts(NO_DATABASE, ask).reading(known as never)).toMatchObject({
      kind: "index",
    });
    expect(times).toBe(2);
  });
});

describe("what a tag means at the registry", () => {
  const says = { "Docker-Content-Digest": OTHER };
  const digest = (...answers: Answered) =>
    registryTags(registry(...answers).ask).digestOf("alpha/app", "1.0", DIGEST);

  test("is what it was supposed to, something else, or nothing", async () => {
    expect(await digest([304])).toBe(DIGEST);
    expect(await digest([200, says])).toBe(OTHER);
    expect(await digest([404])).toBeNull();
    expect(await digest([500], [200, says])).toBe(OTHER);
  });

  test("cannot be told by what names no digest, or is no such answer", async () => {
    const doubts: Answered[] = [[[200]], [[202, says]], [[500, says]]];
    await Promise.all(
      doubts.map(async (answers) => {
        await expect(digest(...answers)).rejects.toThrow("the registry answered");
      }),
    );
  });
});

test("whoever is not told asks three times, and says what went wrong last", async () => {
  const faults = ["first", "second", "third", "fourth"];
  await expect(untilTold(() => Promise.reject(new Error(faults.shift())))).rejects.toThrow("third");
});
