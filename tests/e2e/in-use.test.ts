import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "#tests/support/eventually.js";
import { makeImage } from "#tests/support/oci-layout.js";
import { scenario } from "#tests/support/scenario.js";
import { skopeo } from "#tests/support/skopeo.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { runWharf } from "./cli/support/run-wharf.js";

const POLICY = `
rules:
  - id: members
    effect: allow
    actions: [pull, push, delete, manage]
    namespaces: [alpha]
    who: { realms: [/employees], teams: [alpha] }
  - id: robots
    effect: allow
    actions: [pull]
    namespaces: [alpha]
    who: { kinds: [robot] }
`;

let stack: TestStack;
let folder: TemporaryFolder;
/** What a node of the cluster logs in with. */
let cluster: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  const policyFile = join(folder.path, "policy.yaml");
  await writeFile(policyFile, POLICY);
  stack = await startTestStack({
    env: {
      ...{ ALLOW_DELETE: "true", POLICY_FILE: policyFile, ADMIN_TEAMS: "beta" },
      ...{ KEEP_IN_USE_DAYS: "30", IN_USE_REPORTERS: "robot-alpha-cluster@/robots" },
    },
  });
  const made = await wharf(
    ["robots", "create", "alpha", "cluster", "--grant", "alpha/**:pull", "-o", "json"],
    "alice-token",
  );
  const { login, secret } = JSON.parse(made.stdout) as { login: string; secret: string };
  cluster = `${login}:${secret}`;
});
afterAll(async () => {
  await stack.stop();
  await folder.remove();
});

const wharf = (words: readonly string[], token: string, input?: string) =>
  runWharf(
    words,
    {
      ...{ PATH: process.env["PATH"], HOME: folder.path, DATA_DIR: stack.dataDir },
      ...{ WHARF_URL: stack.url, WHARF_TOKEN: token },
    },
    input,
  );
const push = async (name: string) => {
  const image = await makeImage(join(folder.path, name.replaceAll(/\W/g, "-")));
  expect(await skopeo(stack.url, "alice-token").push(image, name)).toMatchObject({ ok: true });
};
const remove = (name: string, ...more: string[]) =>
  wharf(["delete", name, "--yes", ...more], "alice-token");

describe("what a node pulls", () => {
  const part = scenario();
  part("as a robot with skopeo is told by wharf in-use, and stays", async () => {
    await push("alpha/pulled:1-SNAPSHOT");
    const node = skopeo(stack.url, cluster);
    expect(await node.pull("alpha/pulled:1-SNAPSHOT", join(folder.path, "node"))).toMatchObject({
      ok: true,
    });
    await eventually("the pull is on record", async () => {
      const { stdout } = await wharf(["in-use", "alpha/pulled:1-SNAPSHOT"], "alice-token");
      return /\tpulled\trobot-alpha-cluster\t.*\tskopeo\//.test(stdout);
    });
    const refused = await remove("alpha/pulled:1-SNAPSHOT");
    expect(refused.exitCode).toBe(5);
    expect(refused.stderr).toMatch(
      /this image is in use: pulled last at .* by robot-alpha-cluster/,
    );
  });

  part("goes when an administrator says why, and whoever deletes it may", async () => {
    const forced = await remove("alpha/pulled:1-SNAPSHOT", "--force", "the node is gone");
    expect(forced.exitCode).toBe(4);
    const asked = {
      method: "POST",
      headers: { Authorization: "Bearer bob-token", "Content-Type": "application/json" },
      body: JSON.stringify({
        repository: "alpha/pulled",
        digest: await digestOf("alpha/pulled:1-SNAPSHOT"),
        reason: "the node is gone",
      }),
    };
    expect((await fetch(`${stack.url}/api/v1/in-use/waivers`, asked)).status).toBe(200);
    expect((await remove("alpha/pulled:1-SNAPSHOT")).exitCode).toBe(0);
  });
});

test("what a cluster reports by wharf report-in-use stays, and is told with node and service", async () => {
  await push("alpha/reported:1-SNAPSHOT");
  const { host } = new URL(stack.url);
  const running = `${host}/alpha/reported:1-SNAPSHOT node-1 shop\nother.example/x:1\n`;
  const said = await wharf(["report-in-use", "-", "--name", "production"], cluster, running);
  expect(said.stdout).toMatch(/^1 in use until 20/);
  expect(said.stderr).toBe("not known: other.example/x:1\n");
  const { stdout } = await wharf(["in-use", "alpha/reported"], "alice-token");
  expect(stdout).toMatch(/\treported\trobot-alpha-cluster\tnode-1\tshop\tproduction\t/);
  expect((await remove("alpha/reported:1-SNAPSHOT")).exitCode).toBe(5);
  const others = await wharf(["report-in-use", "-", "--name", "mine"], "alice-token", running);
  expect(others.exitCode).toBe(4);
});

async function digestOf(name: string): Promise<string> {
  const { stdout } = await wharf(["describe", name, "-o", "json"], "alice-token");
  return (JSON.parse(stdout) as { digest: string }).digest;
}
