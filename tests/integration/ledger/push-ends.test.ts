import { expect, test } from "@jest/globals";
import { adopt } from "#gateway/ledger/adopt.js";
import { pushTag, type TagPush } from "#gateway/ledger/push-tag.js";
import { commitPush } from "#gateway/ledger/settle.js";
import { reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import { storeManifest } from "#gateway/ledger/sql/store-manifest.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { IMAGE_TYPE, INDEX_TYPE } from "#tests/support/manifest-texts.js";
import { tagPush } from "#tests/support/tag-pushes.js";
import { BURY, usePushing, type Pushing } from "./support/pushing.js";

let ledger: Pushing["ledger"];
let db: Pushing["db"];
let deps: Pushing["deps"];
let keeper: Pushing["keeper"];
let pushing: Pushing;
usePushing((made) => {
  pushing = made;
  ({ ledger, db, deps, keeper } = made);
});

const push: Pushing["push"] = (...asked) => pushing.push(...asked);
const stateOf = (of: TagPush) => pushing.stateOf(of);
const actions = () => pushing.actions();

test("of a push whose answer got lost, what the registry stored besides has to be on record before the tag is given back", async () => {
  const offered = tagPush("a");
  const lost = {
    send: () => Promise.reject(new Error("reset")),
    currentDigest: () => Promise.resolve<Digest | null>(null),
  };
  const away = { ...deps, upstreamManifest: () => Promise.reject(new Error("reset")) };
  await expect(pushTag(away, offered, lost)).rejects.toMatchObject({
    message: "what the registry stored cannot be put on record; push again",
  });
  expect(await stateOf(offered)).toEqual({ kind: "reserved" });
});

test("a push that the registry stored is not acknowledged when what it needs was deleted meanwhile", async () => {
  const child = tagPush("child");
  await push(child);
  const manifests = [{ mediaType: IMAGE_TYPE, size: 1, digest: child.digest }];
  const text = JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests });
  const index = tagPush(text, { tag: "index" });
  const transport = keeper.transport(index);
  const send = async () => {
    await db.query(BURY, [child.digest]);
    return transport.send();
  };
  await expect(pushTag(deps, index, { ...transport, send })).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: "a manifest that the tag needs was deleted meanwhile; push again",
  });
  expect(await stateOf(index)).toEqual({ kind: "free" });
});

test("a tag that stands at the registry from before the ledger is taken over, and held as any other", async () => {
  const before = tagPush("before");
  keeper.write(before);
  await expect(push(tagPush("a"))).rejects.toMatchObject({ code: "TAG_HELD" });
  expect(keeper.writes).toEqual([]);
  expect(await actions()).toEqual(["tag.adopted", "tag.refused"]);
  const mutable = tagPush("before", { tag: "1-SNAPSHOT" });
  keeper.write(mutable);
  await push(tagPush("a", { tag: "1-SNAPSHOT" }));
  expect((await ledger.audited()).at(-1)).toMatchObject({
    ...{ action: "tag.pushed", detail: { change: "moved", previous: mutable.digest } },
  });
});

test("of what is found at the registry the source is looked for, and not of signatures", async () => {
  for (const tag of ["1", `sha256-${"a".repeat(64)}.sig`]) {
    const found = tagPush(tag, { tag });
    await adopt(deps, found, found.digest, "found");
  }
  const { rows } = await db.query<{ digest: Digest }>("select digest from ledger.scm_search");
  expect(rows).toEqual([{ digest: tagPush("1").digest }]);
});

test("a push whose bytes are not at hand can be committed", async () => {
  const offered = tagPush("a");
  await reserveTag(db, offered, { leaseSeconds: 60, mutable: false });
  expect(await commitPush(deps, offered, null, "found at the registry")).toBe("new");
  expect(await stateOf(offered)).toMatchObject({ kind: "held", digest: offered.digest });
});

test("a manifest named by its sha256 needs nothing but what it names; by another digest the registry has it by its sha256", async () => {
  const plain = tagPush("a").manifest;
  const other = {
    ...plain,
    digest: digestOf(plain.content, `sha512:${"0".repeat(128)}` as Digest),
  };
  for (const manifest of [plain, other])
    await storeManifest(db, tagPush("a").repository, manifest, "checked");
  const { rows } = await db.query<{ from: Digest; target: Digest }>(
    'select digest as "from", ledger.digest_text(unnest(children)) as target from ledger.manifest_link',
  );
  expect(rows).toEqual([{ from: other.digest, target: plain.digest }]);
});

test("a commit that comes after the tag was pushed and deleted is not acknowledged", async () => {
  const offered = tagPush("a");
  await push(offered);
  await db.query("update ledger.tag set deleted_at = now(), deleted_by = 'bob'");
  await expect(
    commitPush(deps, tagPush("a"), offered.manifest, "found by a gateway that was slow"),
  ).rejects.toMatchObject({ code: "UNAVAILABLE" });
});
