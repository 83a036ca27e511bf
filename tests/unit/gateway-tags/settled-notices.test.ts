import { describe, expect, test } from "@jest/globals";
import { rememberedTags } from "#gateway/ledger/remembered-tags.js";
import { tagResolver, type ResolveDeps } from "#gateway/ledger/resolve-tag.js";
import { settledTags } from "#gateway/ledger/settled-tags.js";
import { SETTLED_CHANNEL, tellSettled } from "#gateway/ledger/sql/settle-tag.js";
import { digestOf } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { eventually } from "#tests/support/eventually.js";

const key = { repository: parseRepositoryName("alpha/app"), tag: parseTag("1-SNAPSHOT") };
const old = digestOf(Buffer.from("old"));
const recent = digestOf(Buffer.from("recent"));

/** @returns a resolver without a ledger, which hears what is told, and what it has in mind */
function deaf() {
  const remembered = rememberedTags();
  const asked: string[] = [];
  const deps = {
    db: {
      query: () => {
        asked.push("ledger");
        return Promise.reject(new Fault("UNAVAILABLE"));
      },
    },
    policy: { isVirtual: () => false },
    remembered,
  };
  const resolver = tagResolver(deps as unknown as ResolveDeps);
  const listeners = new Map<string, (payload: string) => void>();
  const settled = settledTags({
    name: "subscription",
    on: (channel, listener) => listeners.set(channel, listener),
    hear: () => undefined,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  });
  settled.follow((told, digest) => void resolver.settled(told, digest));
  const tell = (channel: string, payload: string) => listeners.get(channel)?.(payload);
  return { asked, remembered, settled, tell, hear: { tell } };
}

describe("of a tag that was settled while the ledger cannot be asked, what is remembered", () => {
  test("counts when it is what the tag means since then", () => {
    const { asked, remembered, hear } = deaf();
    remembered.means(key, recent);
    tellSettled(hear, key, recent);
    expect(remembered.recall(key)).toEqual({ kind: "digest", digest: recent });
    expect(asked).toEqual([]);
  });

  test.each([
    ["when it is something else", recent],
    ["when it was not said what the tag means since then", null],
  ])("is doubtful %s", async (_, digest) => {
    const { remembered, hear } = deaf();
    remembered.means(key, old);
    tellSettled(hear, key, digest);
    await eventually("it is doubtful", () => remembered.recall(key).kind === "doubtful");
  });

  test.each(["alpha/app:1-SNAPSHOT@sha256:short", "alpha/app", "Alpha:1@", "@", ""])(
    "does not change by what is no notice: %j",
    (payload) => {
      const { asked, remembered, tell } = deaf();
      remembered.means(key, old);
      tell(SETTLED_CHANNEL, payload);
      expect(remembered.recall(key)).toEqual({ kind: "digest", digest: old });
      expect(asked).toEqual([]);
    },
  );
});

test.each([recent, null])("who waits for a tag is woken, whatever it means: %j", async (digest) => {
  const { settled, hear } = deaf();
  const woken = settled.until(key, 60_000);
  tellSettled(hear, key, digest);
  await woken;
});
