import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { runProgram } from "#local/processes/run-program.js";
import { digestOf } from "#registry-protocol/digest.js";
import { eventually } from "#tests/support/eventually.js";
import { localCommand } from "#tests/support/local-command.js";
import { leftPierOne, pierOneImage, type LeftPierOne, type PierOneImage } from "#tests/support/pier-one.js"; // prettier-ignore
import { scenario } from "#tests/support/scenario.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

const TAGS = 24;
const LAYER_BYTES = 100_000;
const MINUTES_3 = 180_000;
const SOURCE = { url: "git:git@example.org:a.git", revision: "abc", author: "olga", status: "" };
const basic = { Authorization: `Basic ${btoa("oauth2:alice-token")}` };
const bearer = { Authorization: "Bearer alice-token" };

let stack: TestStack;
let left: LeftPierOne;
let folder: TemporaryFolder;
const images = new Map<string, PierOneImage>();

beforeAll(async () => {
  // Only the command writes.
  const env = { DISCOVERY_SECONDS: "0" };
  [stack, left, folder] = await Promise.all([startTestStack({ env }), leftPierOne(), temporaryFolder()]); // prettier-ignore
  const base = randomBytes(LAYER_BYTES);
  for (let i = 0; i < TAGS; i += 1) {
    const name = `${i % 2 === 0 ? "alpha" : "beta"}/app:1.${i}`;
    const image = pierOneImage([base, LAYER_BYTES]);
    images.set(name, image);
    const at = `2016-01-30 20:33:${String(i).padStart(2, "0")}.123456`;
    const source = i === 0 ? { source: { ...SOURCE, at } } : {};
    await left.push(name, image, { at, by: `user-${i}`, ...source });
  }
  await left.pushFirst("alpha/ancient:0.1");
});
afterAll(async () => {
  await Promise.all([stack.stop(), left.stop()]);
  await folder.remove();
});

const command = (...args: string[]) => localCommand(stack.dataDir, args);
const migration = (...more: string[]) => [
  "gateway/src/commands/migrate-pierone/main.js",
  ...["--from", left.dsn, "--storage", left.storage, ...more],
];
const migrate = (...more: string[]) =>
  runProgram(command(...migration(...more)), { timeoutMs: MINUTES_3 });

async function json(path: string, headers: Record<string, string> = bearer): Promise<unknown> {
  return (await fetch(`${stack.url}${path}`, { headers })).json();
}

async function tagsHere(): Promise<string[]> {
  const lists = ["alpha", "beta"].map((team) => json(`/teams/${team}/artifacts/app/tags`));
  return (await Promise.all(lists)).flatMap((list) =>
    Array.isArray(list) ? list.map((tag: { name: string }) => tag.name) : [],
  );
}

describe("npm run migrate:pierone", () => {
  const part = scenario();
  part("says in a dry run what it would bring, and what nobody can", async () => {
    const { ok, stdout, output } = await migrate("--dry-run");
    expect({ ok, stdout }).toMatchObject({ ok: false });
    expect(stdout).toContain(`\nimported          ${TAGS} (would be)\n`);
    expect(stdout).toMatch(
      /^! alpha\/ancient:0\.1: it has no manifest: .+first registry protocol/m,
    );
    expect(stdout).toContain("dry run: nothing was written");
    expect(output).not.toContain(new URL(left.dsn).password);
    expect(await tagsHere()).toEqual([]);
  });

  part("goes on where it was when it is killed, and brings everything", async () => {
    const { file, args, env, cwd } = command(...migration("--rate", "1", "--parallel", "2"));
    const child = spawn(file, args, { env, cwd, stdio: "ignore" });
    await eventually("some are here", async () => (await tagsHere()).length > 3);
    child.kill("SIGKILL");
    await once(child, "close");
    const before = (await tagsHere()).length;
    expect(before).toBeLessThan(TAGS);
    // The tag that it was writing is held by a reservation for a minute.
    const { ok, stdout } = await migrate();
    expect({ ok, stdout }).toMatchObject({ ok: false });
    expect(stdout).toMatch(new RegExp(`^here already +${before}$`, "m"));
    expect(stdout).toMatch(new RegExp(`^imported +${TAGS - before}$`, "m"));
    expect(stdout).toMatch(/^not imported +1, and 0 failed$/m);
    expect(await tagsHere()).toHaveLength(TAGS);
    const again = await migrate();
    expect(again.stdout).toMatch(new RegExp(`^here already +${TAGS}$`, "m"));
  });

  part("has every tag pulled with the bytes that Pier One had", async () => {
    const { file, env } = testTools().skopeo;
    for (const [name, image] of images) {
      const into = join(folder.path, name.replaceAll(/[/:]/g, "-"));
      const from = `docker://${new URL(stack.url).host}/${name}`;
      const options = ["--insecure-policy", "copy", "--preserve-digests", "--src-tls-verify=false"];
      const args = [...options, "--src-creds", "oauth2:alice-token", from, `dir:${into}`];
      expect(await runProgram({ file, args, env: { ...process.env, ...env } }, {})).toMatchObject({ ok: true }); // prettier-ignore
      expect(await readFile(join(into, "manifest.json"), "utf8")).toBe(image.content);
      for (const [digest, blob] of image.blobs)
        expect(digestOf(await readFile(join(into, digest.slice("sha256:".length))))).toBe(
          digestOf(blob),
        );
    }
  });

  part("keeps authors, dates and sources, and latest is the newest", async () => {
    const [first] = (await json("/teams/alpha/artifacts/app/tags")) as { created: string }[];
    const created = "2016-01-30T20:33:00.123Z";
    expect(first).toMatchObject({ name: "1.0", created, created_by: "user-0" });
    const source = await json("/teams/alpha/artifacts/app/tags/1.0/scm-source");
    expect(source).toMatchObject({ ...SOURCE, created });
    const { token } = (await json("/token?service=wharfinger&scope=repository:alpha/app:pull", basic)) as { token: string }; // prettier-ignore
    const latest = await fetch(`${stack.url}/v2/alpha/app/manifests/latest`, {
      headers: { Authorization: `Bearer ${token}`, Accept: "*/*" },
    });
    expect(latest.headers.get("docker-content-digest")).toBe(images.get("alpha/app:1.22")?.digest);
  });

  part("leaves ledger, audit log and registry in agreement", async () => {
    const audit = { ...command(), args: ["deploy/local/commands/audit.mjs", "verify", "--registry", "--blobs"] }; // prettier-ignore
    const { ok, output } = await runProgram(audit, {});
    expect({ ok, output }).toMatchObject({ ok: true });
    const passed = await runProgram(command("gateway/src/commands/discover/main.js"), {});
    expect(passed).toMatchObject({ ok: true });
    expect(passed.stdout).toContain("\nadopted       0\n");
  });
});

test.each([
  [["--storage", "."], "--from is missing"],
  [["--from", "postgres://u:secret@h/d"], "--storage is missing"],
  [["--from", "mysql://u:secret@h/d", "--storage", "."], "--from: given no address"],
  [["--from", "postgres://u:secret@h/d?application_name=x", "--storage", "."], "--from: "],
  [["--from", "postgres://u:secret@h/d", "--storage", "/no/such"], "/no/such is no folder"],
  [["--from", "postgres://u:secret@h/d", "--storage", ".", "--parallel", "99"], "--parallel: given 99"], // prettier-ignore
])("npm run migrate:pierone %j is refused, and tells no password", async (args, why) => {
  const program = "gateway/src/commands/migrate-pierone/main.js";
  const { ok, output } = await runProgram(command(program, ...args), {});
  expect(ok).toBe(false);
  expect(output).toContain(why);
  expect(output).not.toContain("secret");
});
