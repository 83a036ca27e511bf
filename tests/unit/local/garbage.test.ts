import { describe, expect, test } from "@jest/globals";
import { parseCollectCommand, refuseDangerous } from "#local/commands/collect-garbage-options.js";
import { untaggedManifests } from "#gateway/commands/delete-untagged/untagged-manifests.js";
import { digestsIn } from "#local/commands/garbage.js";

const ONE = "a".repeat(64);
const TWO = "b".repeat(64);

describe("digestsIn", () => {
  test("finds every blob that the registry names as eligible, and nothing else", () => {
    const output = [
      "alpha/app",
      `alpha/app: marking manifest sha256:${"c".repeat(64)} `,
      `alpha/app: marking blob sha256:${"d".repeat(64)}`,
      `manifest eligible for deletion: sha256:${"e".repeat(64)}`,
      "",
      "2 blobs marked, 2 blobs and 1 manifests eligible for deletion",
      `blob eligible for deletion: sha256:${ONE}`,
      `blob eligible for deletion: sha256:${TWO}`,
      "",
    ].join("\n");
    expect(digestsIn(output)).toEqual([ONE, TWO]);
  });

  test("finds nothing where nothing is", () => {
    expect(digestsIn("0 blobs marked, 0 blobs and 0 manifests eligible for deletion\n")).toEqual(
      [],
    );
  });
});

describe("untaggedManifests", () => {
  test("finds every manifest that the registry names as eligible, and its repository", () => {
    const output = [
      "alpha/app",
      `alpha/app: marking manifest sha256:${"c".repeat(64)} `,
      `manifest eligible for deletion: {alpha/app sha256:${ONE} [1.0 2.0]}`,
      `manifest eligible for deletion: {alpha/app/more sha256:${TWO} []}`,
      "2 blobs marked, 1 blobs and 2 manifests eligible for deletion",
      `blob eligible for deletion: sha256:${ONE}`,
    ].join("\n");
    expect(untaggedManifests(output)).toEqual([
      { repository: "alpha/app", digest: `sha256:${ONE}` },
      { repository: "alpha/app/more", digest: `sha256:${TWO}` },
    ]);
    expect(untaggedManifests("0 blobs marked\n")).toEqual([]);
  });
});

describe("npm run collect-garbage", () => {
  test("drains for a minute, waits for two and removes nothing but blobs unless told otherwise", () => {
    expect(parseCollectCommand([])).toEqual({
      dryRun: false,
      deleteUntagged: false,
      despiteSha512: false,
      drainSeconds: 60,
      waitSeconds: 120,
    });
    expect(
      parseCollectCommand(["--dry-run", "--delete-untagged", "--drain", "0", "--wait", "5"]),
    ).toEqual({
      dryRun: true,
      deleteUntagged: true,
      despiteSha512: false,
      drainSeconds: 0,
      waitSeconds: 5,
    });
  });

  test.each([
    [["--drain", "soon"], "--drain: given soon, wanted 90 or 90s"],
    [["--wait", "-1"], "ambiguous"],
    [["--all"], "--all"],
    [["now"], "now"],
  ])("refuses %j", (args, message) => {
    expect(() => parseCollectCommand(args)).toThrow(message);
  });

  test("refuses to delete what has no tag with a registry that would take indexes apart", () => {
    const command = parseCollectCommand(["--delete-untagged"]);
    const program = { kind: "binary", file: "/usr/bin/registry" } as const;
    expect(() => {
      refuseDangerous(command, { ...program, version: "2.8.2", line: "2.8" });
    }).toThrow("registry 2.8.2 would delete the platform images of every index");
    expect(() => {
      refuseDangerous(command, { ...program, version: "3.1.1", line: "3" });
    }).not.toThrow();
  });
});
