import { describe, expect, test } from "@jest/globals";
import type { Caller } from "#gateway/proxy/caller.js";
import {
  disguisedDeletion,
  type DisguisedDeletionDeps,
} from "#gateway/proxy/disguised-deletion.js";
import type { ExchangeOf } from "#gateway/proxy/exchange.js";
import { digestOf } from "#registry-protocol/digest.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { SYSTEM } from "#audit-log/entry.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { callerWith } from "#tests/support/callers.js";
import { readingOf } from "#tests/support/manifest-texts.js";
import { requestFrom } from "#tests/support/requests.js";

const repository = parseRepositoryName("alpha/app");
const tag = parseTag("1.0");
/** As regclient writes it: it names the tag that is to go. */
const DUMMY = JSON.stringify({
  config: { Labels: { "delete-tag": "1.0", "delete-date": "2026-11-29" } },
});
const of = (actions: Caller["access"][number]["actions"]) => [
  { type: "repository", name: "alpha/app", actions } as const,
];

/** @returns what becomes of a push of an image without layers, whose configuration the registry has so */
function pushed(
  configuration: string | null | Error,
  caller: Caller = callerWith({ access: of(["pull", "push", "delete"]) }),
  found: Awaited<ReturnType<DisguisedDeletionDeps["deletion"]["mayDelete"]>> = "may",
) {
  const named = digestOf(Buffer.from(typeof configuration === "string" ? configuration : DUMMY));
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", size: 9, digest: named };
  const text = JSON.stringify({ schemaVersion: 2, config, layers: [] });
  const content = Buffer.from(text);
  const asked: string[] = [];
  const blob = () => {
    asked.push("configuration");
    if (configuration instanceof Error) return Promise.reject(configuration);
    const stream = async function* () {
      yield await Promise.resolve(Buffer.from(configuration ?? ""));
    };
    return Promise.resolve(configuration === null ? null : stream());
  };
  const deps: DisguisedDeletionDeps = {
    db: { query: () => Promise.reject(new Error("the ledger is not asked")) } as never,
    reader: { blob },
    deletion: { mayDelete: () => Promise.resolve(found) },
    allowDelete: true,
    callers: { publicUrl: "https://registry.example", service: "wharfinger" },
  };
  const exchange = {
    ...{ req: requestFrom("203.0.113.9", {}), caller, request: { repository, tag } },
  } as ExchangeOf<"manifest.put-by-tag">;
  const manifest = { reading: readingOf(content) as Manifest };
  const push = { repository, tag, digest: digestOf(content), actor: SYSTEM, manifest };
  return { asked, end: disguisedDeletion(deps, exchange, push) };
}

const notAllowed = callerWith({
  access: of(["pull", "push"]),
  refused: [{ type: "repository", name: "alpha/app", action: "delete", reason: "no rule" }],
});

describe("a push of an image of nothing", () => {
  test("that names its tag as one to be deleted is what its DELETE would be", async () => {
    expect(await pushed(DUMMY).end).toBeNull();
    expect(await pushed(DUMMY, notAllowed).end).toMatchObject({ code: "DENIED" });
    expect(await pushed(DUMMY, notAllowed, "absent").end).toBeNull();
  });

  test("asks for another token where that may help: that is no verdict", async () => {
    const pushes = callerWith({ access: of(["pull", "push"]) });
    await expect(pushed(DUMMY, pushes).end).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  test.each([
    ["that the registry does not have: it says so to the manifest", null],
    ["that says something else", '{"architecture":"amd64"}'],
    ["that names another tag", DUMMY.replace("1.0", "2.0")],
  ])("with a configuration %s, is a push as any other", async (_what, configuration) => {
    const { end, asked } = pushed(configuration, notAllowed);
    expect(await end).toBeNull();
    expect(asked).toEqual(["configuration"]);
  });

  test("whose configuration cannot be had now is not decided", async () => {
    await expect(pushed(new Error("reset"), notAllowed).end).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: "the registry cannot be asked for the configuration; push again",
    });
  });
});
