import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { openStoredFiles } from "#gateway/stored-files/open-stored-files.js";
import type { StoredFiles } from "#gateway/stored-files/stored-files.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import { startBucket, type TestBucket } from "#tests/support/bucket.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

const NEVER = new AbortController().signal;
const connections = outgoing();
let folder: TemporaryFolder;
let bucket: TestBucket;
let opened: { folder: StoredFiles; bucket: StoredFiles };

/** What the SDK's credentials come from is the process's environment, whatever it is handed. */
const CREDENTIALS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] as const;

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const path of ["a", "a/b", "a/skipped", "a-c"])
    await mkdir(join(folder.path, path), { recursive: true });
  for (const path of ["a/1", "a/2", "a/b/sha256:3", "a/b/!(4)* ü", "a/skipped/5", "a-c/6"])
    await writeFile(join(folder.path, path), `content of ${path}`);
  bucket = await startBucket(folder.path);
  for (const name of CREDENTIALS) process.env[name] = bucket.env[name];
  const open = (place: string) => openStoredFiles("--storage", place, bucket.env, connections);
  opened = { folder: open(folder.path), bucket: open(bucket.place) };
});
afterAll(async () => {
  for (const name of CREDENTIALS) Reflect.deleteProperty(process.env, name);
  connections.close();
  await bucket.stop();
  await folder.remove();
});

async function listed(files: StoredFiles, below: string): Promise<string[]> {
  const all: string[] = [];
  for await (const some of files.list(below, (path) => path === "a/skipped", NEVER))
    all.push(...some);
  return all.filter((path) => !path.includes("/skipped/")).sort();
}

describe.each(["folder", "bucket"] as const)("files of a %s", (kind) => {
  test("are listed, all of them, and those below a folder alone", async () => {
    const inA = ["a/1", "a/2", "a/b/!(4)* ü", "a/b/sha256:3"];
    expect(await listed(opened[kind], "")).toEqual([...inA, "a-c/6"].sort());
    expect(await listed(opened[kind], "a")).toEqual(inA.sort());
    expect(await listed(opened[kind], "nowhere")).toEqual([]);
  });

  test("are read, and have a size; what is not there has none", async () => {
    for (const path of ["a/b/sha256:3", "a/b/!(4)* ü"]) {
      const file = await opened[kind].open(path, NEVER);
      const content = `content of ${path}`;
      expect(file?.size).toBe(Buffer.byteLength(content));
      expect(file === null ? null : await text(file.body)).toBe(content);
      expect(await opened[kind].size(path, NEVER)).toBe(Buffer.byteLength(content));
    }
    for (const path of ["a/none", "a/1/below-a-file", "a"]) {
      expect(await opened[kind].open(path, NEVER)).toBeNull();
      expect(await opened[kind].size(path, NEVER)).toBeNull();
    }
  });
});

test("a bucket that refuses is no bucket without files", async () => {
  try {
    for (const status of [403, 500, 503]) {
      bucket.status = status;
      await expect(listed(opened.bucket, "")).rejects.toThrow(`answered ${status}`);
      await expect(opened.bucket.open("a/1", NEVER)).rejects.toThrow(`answered ${status}`);
      await expect(opened.bucket.size("a/1", NEVER)).rejects.toThrow(`answered ${status}`);
    }
  } finally {
    bucket.status = null;
  }
});

test("a folder that cannot be looked into is no empty one", async () => {
  const link = join(folder.path, "circle");
  await symlink(link, link);
  const files = openStoredFiles("--storage", folder.path, {}, connections);
  await expect(files.size("circle", NEVER)).rejects.toThrow("ELOOP");
});

test.each(["s3://", "s3:/bucket", "s3://a b/c", "/no/such/folder", "package.json"])(
  "%s is no place",
  (place) => {
    expect(() => openStoredFiles("--storage", place, {}, connections)).toThrow(/^--storage: /);
  },
);
