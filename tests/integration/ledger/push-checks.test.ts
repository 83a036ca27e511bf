import { beforeEach, describe, expect, test } from "@jest/globals";
import { pushTag, type TagPush } from "#gateway/ledger/push-tag.js";
import { digestOf } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import { parseWriteCondition } from "#registry-protocol/write-condition.js";
import { IMAGE_TYPE, INDEX_TYPE } from "#tests/support/manifest-texts.js";
import { impatientDeps, tagPush } from "#tests/support/tag-pushes.js";
import { BURY, usePushing, type Pushing } from "./support/pushing.js";

let db: Pushing["db"];
let deps: Pushing["deps"];
let keeper: Pushing["keeper"];
let pushing: Pushing;
usePushing((made) => {
  pushing = made;
  ({ db, deps, keeper } = made);
});

const push: Pushing["push"] = (...asked) => pushing.push(...asked);
const stateOf = (of: TagPush) => pushing.stateOf(of);
const actions = () => pushing.actions();

/** @returns an index of what is named, pushed to a tag under which referrers are kept */
function referrersOf(...names: string[]): TagPush {
  const manifests = names.map((name) => ({
    ...{ mediaType: IMAGE_TYPE, size: 1, digest: digestOf(Buffer.from(name)) },
  }));
  const text = JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests });
  return tagPush(text, { tag: `sha256-${"a".repeat(64)}` });
}

describe("a push whose client has gone", () => {
  test("before anything was done is not even decided", async () => {
    const gone = AbortSignal.abort();
    const offered = tagPush("a", { tag: "latest" });
    await expect(
      pushTag(deps, offered, { ...keeper.transport(offered), gone }),
    ).rejects.toMatchObject({ code: "BODY_INCOMPLETE" });
    expect(deps.outcomes).toEqual(["abandoned"]);
    expect(await actions()).toEqual([]);
  });

  test("while its tag was reserved is not sent, and the next one gets the tag at once", async () => {
    const client = new AbortController();
    const offered = tagPush("a");
    const transport = keeper.transport(offered);
    const currentDigest = () => {
      client.abort();
      return transport.currentDigest();
    };
    await expect(
      pushTag(deps, offered, { ...transport, currentDigest, gone: client.signal }),
    ).rejects.toMatchObject({ code: "BODY_INCOMPLETE" });
    expect(keeper.writes).toEqual([]);
    await push(tagPush("b"), impatientDeps(db));
  });
});

describe("a push under a condition that does not hold", () => {
  const onlyNew = parseWriteCondition({ "if-none-match": "*" });
  if (onlyNew === null) throw new Error("no condition");

  test("is refused before the registry hears of it, and the tag is free for the next", async () => {
    await push(tagPush("a", { tag: "1-SNAPSHOT" }));
    const offered = { ...tagPush("b", { tag: "1-SNAPSHOT" }), condition: onlyNew };
    await expect(push(offered)).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
    expect(keeper.writes).toHaveLength(1);
    await push(tagPush("b", { tag: "1-SNAPSHOT" }), impatientDeps(db));
  });

  test("is refused as well where it would change nothing", async () => {
    await push(tagPush("a"));
    await expect(push({ ...tagPush("a"), condition: onlyNew })).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
    });
  });
});

describe("a tag that may only grow", () => {
  test("loses nothing: what would shrink it is refused before the registry hears of it", async () => {
    await push(referrersOf("one", "two"));
    const fault = await push(referrersOf("one", "three")).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: "TAG_HELD" });
    expect(keeper.writes).toHaveLength(1);
    await push(referrersOf("one", "two", "three"), impatientDeps(db));
  });

  test("is told in few words to whoever read it before it grew", async () => {
    await push(referrersOf("one"));
    await push(referrersOf("one", "two"));
    const fault = await push(referrersOf("one", "three")).catch((error: unknown) => error);
    if (!(fault instanceof Fault)) throw new Error("it was not refused");
    expect(fault.summary).toBe(fault.message);
  });

  test("cannot grow while what it holds cannot be had, and is free for the next", async () => {
    const offered = referrersOf("one");
    await push(offered);
    await db.query("delete from ledger.manifest");
    const away = {
      ...impatientDeps(db),
      upstreamManifest: () => Promise.reject(new Error("reset")),
    };
    await expect(push(referrersOf("one", "two"), away)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: "what the tag holds cannot be had for the moment; push again",
    });
    const unreadable = {
      ...impatientDeps(db),
      upstreamManifest: () => Promise.reject(new Unreadable("no such thing")),
    };
    await expect(push(referrersOf("one", "two"), unreadable)).rejects.toMatchObject({
      code: "TAG_HELD",
    });
    await push(referrersOf("one", "two"));
  });

  test("is not written over what the registry cannot read; a tag that may become anything is", async () => {
    const written = (offered: TagPush) =>
      pushTag(deps, offered, {
        ...keeper.transport(offered),
        currentDigest: () => Promise.reject(new Unreadable("no such thing")),
      });
    await expect(written(referrersOf("one"))).rejects.toMatchObject({ code: "TAG_HELD" });
    await expect(written(tagPush("a", { tag: "1" }))).rejects.toMatchObject({ code: "TAG_HELD" });
    expect(keeper.writes).toEqual([]);
    await written(tagPush("a", { tag: "1-SNAPSHOT" }));
    expect(keeper.writes).toHaveLength(1);
  });
});

describe("an index of what was deleted", () => {
  const child = tagPush("child");
  const index = () =>
    tagPush(
      JSON.stringify({
        ...{ schemaVersion: 2, mediaType: INDEX_TYPE },
        manifests: [{ mediaType: IMAGE_TYPE, size: 1, digest: child.digest }],
      }),
      { tag: "index" },
    );
  const bury = () => db.query(BURY, [child.digest]);
  beforeEach(async () => {
    await push(child);
    await bury();
  });

  test("is refused before the registry hears of it, and the tag is free for the next", async () => {
    const without = { ...deps, upstreamManifest: () => Promise.resolve(null) };
    await expect(push(index(), without)).rejects.toMatchObject({
      code: "MANIFEST_PART_UNKNOWN",
      detail: { digest: child.digest },
    });
    expect(keeper.writes).toEqual([child.digest]);
    await push(tagPush("b", { tag: "index" }), impatientDeps(db));
  });

  test("is stored where the registry has it again", async () => {
    await push(index());
    expect(await stateOf(index())).toMatchObject({ kind: "held", digest: index().digest });
  });

  test("is not decided while the registry does not say whether it has it, and the tag is free for the next", async () => {
    const away = { ...deps, upstreamManifest: () => Promise.reject(new Error("reset")) };
    await expect(push(index(), away)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: "the registry cannot be asked for what the index needs; push again",
    });
    await push(index(), { ...impatientDeps(db), upstreamManifest: deps.upstreamManifest });
  });
});

describe("a push that waits for another one", () => {
  test("looks every two seconds, and for 45 seconds in all", async () => {
    const other = tagPush("a");
    const waits: number[] = [];
    const slow = impatientDeps(db);
    const untilSettled: typeof slow.waiting.untilSettled = (key, milliseconds) => {
      waits.push(milliseconds);
      if (waits.length > 100) throw new Error("it waits for ever");
      return slow.waiting.untilSettled(key, milliseconds);
    };
    const patient = { ...slow, waiting: { ...slow.waiting, untilSettled } };
    await pushTag(deps, other, {
      ...keeper.transport(other),
      send: async () => {
        await expect(push(tagPush("b"), patient)).rejects.toMatchObject({ code: "UNAVAILABLE" });
        return { status: 201 };
      },
    });
    expect(waits).toEqual([...Array.from({ length: 22 }, () => 2_000), 1_000]);
  });
});

describe("a push of what the tag means already", () => {
  test("is sent where the registry has lost something of it", async () => {
    const offered = tagPush("a");
    await push(offered);
    const isWhole = () => Promise.resolve(false);
    await pushTag(deps, tagPush("a"), { ...keeper.transport(offered), isWhole });
    expect(keeper.writes).toEqual([offered.digest, offered.digest]);
  });

  test("is not acknowledged when the tag means something else by then", async () => {
    // A rule that the push still knows as the tag is moved under it: what it repeats is not what is there.
    const offered = tagPush("a");
    await push(offered);
    const other = tagPush("b");
    let hasMoved = false;
    const again = tagPush("a");
    const fault = await pushTag(deps, again, {
      ...keeper.transport(again),
      currentDigest: async () => {
        if (!hasMoved)
          await db.query("update ledger.tag set digest = $1 where name = '1.0'", [other.digest]);
        hasMoved = true;
        return offered.digest;
      },
    }).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: "TAG_HELD" });
  });
});
