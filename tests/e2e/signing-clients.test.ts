import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { findOnPath } from "#local/processes/launch.js";
import { runProgram, type Outcome } from "#local/processes/run-program.js";
import { digestOf } from "#registry-protocol/digest.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

/** Programs that this release of Debian does not have; later ones do. */
const cosign = process.env["COSIGN_BIN"] ?? findOnPath("cosign");
const oras = process.env["ORAS_BIN"] ?? findOnPath("oras");
const isPossible = cosign !== null && oras !== null;
if (!isPossible) console.warn("SKIPPED: tests with cosign and oras: not found");

const EMPTY = { mediaType: "application/vnd.oci.empty.v1+json", digest: "", size: 2 };
/** Without services of others: signatures are in the registry alone. */
const OFFLINE = ["--use-signing-config=false", "--tlog-upload=false", "--yes"];

let stack: TestStack;
let folder: TemporaryFolder;
let image: string;
let digest: string;

beforeAll(async () => {
  if (!isPossible) return;
  [stack, folder] = await Promise.all([startTestStack(), temporaryFolder()]);
  const { host } = new URL(stack.url);
  image = `${host}/alpha/signed`;
  const auth = Buffer.from("oauth2:alice-token").toString("base64");
  await mkdir(at("docker"));
  await writeFile(at("docker/config.json"), JSON.stringify({ auths: { [host]: { auth } } }));
  await writeFile(at("content"), "content");
  for (const key of ["one", "two"])
    await succeeds(cosign, "generate-key-pair", "--output-key-prefix", key);
  await succeeds(oras, "push", "--plain-http", `${image}:1.0`, "content");
  const { stdout } = await succeeds(oras, "resolve", "--plain-http", `${image}:1.0`);
  digest = stdout.trim();
});
afterAll(async () => {
  if (!isPossible) return;
  await stack.stop();
  await folder.remove();
});

(isPossible ? describe : describe.skip)("an image under an immutable tag", () => {
  test.each([
    ["bundles, found as referrers", []],
    ["the tags of before", ["--new-bundle-format=false"]],
  ])("is signed by two with cosign, by %s, and both signatures count", async (_what, format) => {
    for (const key of ["one", "two"])
      await succeeds(cosign, "sign", ...withKey(`${key}.key`), ...OFFLINE, ...format, name());
    for (const key of ["one", "two"])
      await succeeds(
        cosign,
        ...["verify", ...withKey(`${key}.pub`), "--insecure-ignore-tlog", ...format, name()],
      );
  });

  test("gets reports attached with oras, each of which is found afterwards", async () => {
    const type = "application/vnd.example.report";
    for (const report of ["first", "second"]) {
      await writeFile(at(report), report);
      await succeeds(
        oras,
        ...["attach", "--plain-http", "--artifact-type", type, `${image}:1.0`, report],
      );
    }
    const { stdout } = await succeeds(
      oras,
      ...["discover", "--plain-http", "--format", "json", "--artifact-type", type, `${image}:1.0`],
    );
    const { referrers } = JSON.parse(stdout) as { referrers: unknown[] };
    expect(referrers).toHaveLength(2);
  });

  test("is signed with cosign and reported on with oras by several at once, and all of that is found", async () => {
    const type = "application/vnd.example.at-once";
    const keys = ["a", "b", "c"];
    for (const key of keys) await succeeds(cosign, "generate-key-pair", "--output-key-prefix", key);
    const attached = keys.map(async (key) => {
      await writeFile(at(`report-${key}`), key);
      const what = ["--artifact-type", type, `${image}:1.0`, `report-${key}`];
      await succeeds(oras, "attach", "--plain-http", ...what);
    });
    const signed = keys.map((key) =>
      succeeds(cosign, "sign", ...withKey(`${key}.key`), ...OFFLINE, name()),
    );
    await Promise.all([...attached, ...signed]);
    for (const key of keys)
      await succeeds(
        cosign,
        ...["verify", ...withKey(`${key}.pub`), "--insecure-ignore-tlog", name()],
      );
    const { stdout } = await succeeds(
      oras,
      ...["discover", "--plain-http", "--format", "json", "--artifact-type", type, `${image}:1.0`],
    );
    const { referrers } = JSON.parse(stdout) as { referrers: unknown[] };
    expect(referrers).toHaveLength(keys.length);
  });

  test("keeps its signatures when somebody cleans it, or pushes others over them", async () => {
    const cleaned = await run(cosign, "clean", "--allow-http-registry", "--force", name());
    expect(cleaned.output).toMatch(/DENIED|UNSUPPORTED|40[35]/);
    const config = { ...EMPTY, digest: digestOf(Buffer.from("{}")) };
    const nothing = { schemaVersion: 2, config, layers: [], annotations: { by: "nobody" } };
    await writeFile(at("nothing"), JSON.stringify(nothing));
    const type = "application/vnd.oci.image.manifest.v1+json";
    const tag = `${digest.replace(":", "-")}.sig`;
    await writeFile(at("empty"), "{}");
    await succeeds(oras, "blob", "push", "--plain-http", image, "empty");
    const emptied = await run(
      oras,
      ...["manifest", "push", "--plain-http", "--media-type", type, `${image}:${tag}`, "nothing"],
    );
    expect(emptied).toMatchObject({ ok: false });
    expect(emptied.output).toContain("tag already exists; would lose entries");
    await succeeds(
      cosign,
      ...["verify", ...withKey("one.pub"), "--insecure-ignore-tlog", "--new-bundle-format=false"],
      name(),
    );
  });
});

const name = () => `${image}@${digest}`;
const withKey = (file: string) => ["--key", file, "--allow-http-registry"];
const at = (file: string) => join(folder.path, file);

function run(program: string | null, ...args: string[]): Promise<Outcome> {
  const env = {
    PATH: process.env["PATH"],
    HOME: folder.path,
    DOCKER_CONFIG: at("docker"),
    COSIGN_PASSWORD: "",
  };
  return runProgram({ file: program ?? "", args, env, cwd: folder.path });
}

async function succeeds(program: string | null, ...args: string[]): Promise<Outcome> {
  const outcome = await run(program, ...args);
  expect(outcome).toMatchObject({ ok: true });
  return outcome;
}
