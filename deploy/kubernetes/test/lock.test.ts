import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  /** Part of another package's archive, and of its checksum. */
  readonly inBundle?: boolean;
}

const read = (file: string) =>
  JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), "utf8")) as Record<
    string,
    Record<string, string> | undefined
  >;
const own = read("package.json");
const locked = Object.entries(read("package-lock.json")["packages"] ?? {}).filter(
  ([path]) => path !== "",
) as unknown as [string, Locked][];

/** CC0: two files that draw grammars, of which nothing here is made. */
const TAKEN = /^(?:MIT|Apache-2\.0|ISC|BSD-[23]-Clause|CC0-1\.0)$/;

describe("what the package depends on", () => {
  test("is named with exact versions", () => {
    for (const version of Object.values({ ...own["dependencies"], ...own["devDependencies"] }))
      assert.match(version, /^\d+\.\d+\.\d+$/);
  });

  test("is held against a checksum, from whatever registry, and free to use", () => {
    assert.ok(locked.length > 30);
    for (const [path, { integrity, resolved, inBundle, license = "" }] of locked) {
      assert.ok(integrity !== undefined || inBundle === true, path);
      assert.equal(resolved, undefined, path);
      assert.match(license, TAKEN, path);
    }
  });
});
