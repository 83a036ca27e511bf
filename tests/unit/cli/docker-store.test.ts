import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { dockerStore } from "../../../cli/src/login/docker-store.js";
import { ownStore } from "../../../cli/src/login/own-store.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

const HOST = "registry.example.org";
let folder: TemporaryFolder;
let file: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  mkdirSync(join(folder.path, "bin"));
  file = join(folder.path, "docker", "config.json");
});
afterEach(() => folder.remove());

const store = () =>
  dockerStore({
    file,
    env: { PATH: `${join(folder.path, "bin")}:${process.env["PATH"] ?? ""}` },
    own: ownStore(folder.path),
  });
const config = () => JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;

function writeConfig(value: unknown): void {
  mkdirSync(join(folder.path, "docker"), { recursive: true });
  writeFileSync(file, JSON.stringify(value));
}

/** A helper that keeps one login in a file, and writes down what it was asked. */
function installHelper(name: string): void {
  const program = join(folder.path, "bin", `docker-credential-${name}`);
  const kept = join(folder.path, `${name}.kept`);
  writeFileSync(
    program,
    `#!/bin/sh
case "$1" in
  store) cat > ${kept} ;;
  get) cat > /dev/null; if [ -f ${kept} ]; then cat ${kept}; else echo "credentials not found in native keychain"; exit 1; fi ;;
  erase) cat > /dev/null; rm -f ${kept} ;;
esac
`,
  );
  chmodSync(program, 0o755);
}

describe("docker's store", () => {
  test("is a file that its owner alone may read, and what docker keeps there stays", async () => {
    writeConfig({ HttpHeaders: { a: "b" }, auths: { other: { auth: "eDp5" } } });
    expect(await store().store(HOST, { user: "anna", secret: "p:w" })).toBe(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(config()).toEqual({
      HttpHeaders: { a: "b" },
      auths: {
        other: { auth: "eDp5" },
        [HOST]: { auth: Buffer.from("anna:p:w").toString("base64") },
      },
    });
    expect(await store().get(HOST)).toMatchObject({ user: "anna", secret: "p:w", origin: file });
  });

  test("has refresh tokens as docker has them", async () => {
    await store().store(HOST, { user: "<token>", secret: "wharf_rt_x" });
    expect(config()).toMatchObject({ auths: { [HOST]: { identitytoken: "wharf_rt_x" } } });
    expect(await store().get(HOST)).toMatchObject({ user: "<token>", secret: "wharf_rt_x" });
  });

  test.each([
    ["for all registries", { credsStore: "keys" }],
    ["for one", { credsStore: "absent", credHelpers: { [HOST]: "keys" } }],
  ])("is the helper that it names %s, and the file has no secret then", async (_for, named) => {
    installHelper("keys");
    writeConfig(named);
    expect(await store().get(HOST)).toBeNull();
    expect(await store().store(HOST, { user: "anna", secret: "pw" })).toBe(
      "docker-credential-keys",
    );
    expect(config()).toEqual({ ...named, auths: { [HOST]: {} } });
    expect(await store().get(HOST)).toMatchObject({ user: "anna", secret: "pw" });
    expect(await store().erase(HOST)).toBe(true);
    expect(await store().get(HOST)).toBeNull();
  });

  test("that names a helper which is not there says so", async () => {
    writeConfig({ credsStore: "absent" });
    await expect(store().get(HOST)).rejects.toThrow(
      "docker-credential-absent, which cannot be run",
    );
    writeConfig({ credsStore: "../../evil" });
    await expect(store().get(HOST)).rejects.toThrow("cannot be one");
  });

  test("asks this very program without starting it, whose file its owner alone may read", async () => {
    store().useHelper(HOST, "wharf");
    expect(config()).toEqual({ credHelpers: { [HOST]: "wharf" } });
    await store().store(HOST, { user: "anna", secret: "pw" });
    expect(await store().get(HOST)).toMatchObject({ user: "anna", secret: "pw" });
    expect(statSync(join(folder.path, "credentials.json")).mode & 0o777).toBe(0o600);
    store().useHelper(HOST, null);
    expect(config()).toMatchObject({ credHelpers: {} });
  });

  test("stays a link where it is one", async () => {
    mkdirSync(join(folder.path, "docker"));
    const real = join(folder.path, "dotfiles.json");
    writeFileSync(real, "{}");
    symlinkSync(real, file);
    await store().store(HOST, { user: "anna", secret: "pw" });
    expect(JSON.parse(readFileSync(real, "utf8"))).toHaveProperty("auths");
  });

  test("that is damaged is left alone, and its text is not repeated", async () => {
    mkdirSync(join(folder.path, "docker"));
    writeFileSync(file, '{"auths": {"x": {"auth": "c2VjcmV0"');
    await expect(store().get(HOST)).rejects.toThrow(/is no JSON: mend or remove it$/);
    await expect(store().store(HOST, { user: "a", secret: "b" })).rejects.toThrow("is no JSON");
  });
});
