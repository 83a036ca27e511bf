import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { findRegistry, type RegistryProgram } from "#local/programs/registry-binary.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

const LINE_3 = "registry github.com/distribution/distribution/v3 v3.1.1";
const LINE_2_8 = "docker-registry github.com/docker/distribution 2.8.2+ds1";

let folder: TemporaryFolder;
const path = process.env["PATH"];

beforeEach(async () => {
  folder = await temporaryFolder();
  process.env["PATH"] = folder.path;
});
afterEach(async () => {
  process.env["PATH"] = path;
  await folder.remove();
});

/** Puts a program on the PATH that prints a text whatever it is asked. */
async function program(name: string, prints: string, exitCode = 0): Promise<string> {
  const file = join(folder.path, name);
  await writeFile(file, `#!/bin/sh\necho '${prints}'\nexit ${exitCode}\n`);
  await chmod(file, 0o755);
  return file;
}

function find(named: string | null = null): Promise<RegistryProgram> {
  const signal = new AbortController().signal;
  return findRegistry({
    named,
    toolsDir: join(folder.path, "tools"),
    say: () => undefined,
    signal,
  });
}

describe("the search for the stock registry", () => {
  test("a named program comes before all others", async () => {
    await program("registry", LINE_3);
    const named = await program("mine", LINE_2_8);
    expect(await find(named)).toEqual({
      kind: "binary",
      file: named,
      version: "2.8.2+ds1",
      line: "2.8",
    });
  });

  test.each([
    ["does not exist", null],
    ["is no registry", "GNU coreutils 9.1"],
    ["is too old a registry", "registry github.com/docker/distribution v2.7.1"],
  ])("a named program that %s is refused by the variable's name", async (_what, prints) => {
    const named = prints === null ? "/nonexistent" : await program("mine", prints);
    await program("registry", LINE_3);
    await expect(find(named)).rejects.toThrow(/^REGISTRY_BIN: /);
  });

  test("registry on the PATH comes before docker-registry", async () => {
    const other = await program("docker-registry", LINE_2_8);
    expect(await find()).toMatchObject({ file: other, line: "2.8" });
    const first = await program("registry", LINE_3);
    expect(await find()).toMatchObject({ file: first, line: "3", version: "3.1.1" });
  });

  test("another program that happens to be called registry is passed over", async () => {
    await program("registry", "npm registry tool 1.0");
    const other = await program("docker-registry", LINE_2_8);
    expect(await find()).toMatchObject({ file: other });
  });

  test("a Docker engine that answers is the last resort", async () => {
    const docker = await program("docker", "28.2.2");
    expect(await find()).toMatchObject({
      kind: "image",
      docker,
      image: "registry:3.1.1",
      line: "3",
    });
  });

  test("without any of them, one message names the thing and every way to provide it", async () => {
    await program("docker", "Cannot connect to the Docker daemon", 1);
    const failure = expect(find()).rejects;
    await failure.toThrow(/^the stock registry \(CNCF distribution, 2\.8 or 3\) was not found/);
    for (const way of ["REGISTRY_BIN", "PATH", "docker-registry, which failed", "registry:3.1.1"])
      await expect(find()).rejects.toThrow(way);
  });
});
