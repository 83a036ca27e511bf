import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "#tests/support/eventually.js";
import { registryClient } from "#tests/support/registry-client.js";
import type { TestStack } from "#tests/support/stack.js";

const OWN = `
  - id: pull
    effect: allow
    actions: [pull]
    repositories: ["**"]
    who: logged-in
  - id: own
    effect: allow
    actions: [push, manage]
    repositories: ["\${team}/**"]
    who: { realms: [/employees] }
  - id: robots
    effect: allow
    actions: [push]
    repositories: ["**"]
    who: { kinds: [robot] }
`;
const pipelines = (repositories: string) => `
  - id: push-services
    effect: allow
    actions: [push]
    repositories: ["${repositories}"]
    who: { realms: [/services], scopes: { allOf: [application.write] } }
`;

/** The policy in its four forms. */
export const POLICIES = {
  first: `rules:${OWN}`,
  pipelinesToAlpha: `rules:${OWN}${pipelines("alpha/**")}`,
  pipelinesEverywhere: `rules:${OWN}${pipelines("**")}`,
} as const;

const LOGINS = {
  first: "teams:\n  owners: [/employees/carol]\n",
  bobInAlpha: "teams:\n  owners: [/employees/carol]\n  alpha: [/employees/bob]\n",
} as const;

/** Files that the stack follows. */
export interface HistoryFiles {
  readonly policy: string;
  readonly logins: string;
}

/** @returns files that a stack can be started with */
export async function historyFiles(folder: string): Promise<HistoryFiles> {
  const files = { policy: join(folder, "policy.yaml"), logins: join(folder, "logins.yaml") };
  await writeFile(files.policy, POLICIES.first);
  await writeFile(files.logins, LOGINS.first);
  return files;
}

/**
 * What the page tells of, done by real clients.
 *
 * @param stack - started with the files; bob administers
 * @param files - them
 * @returns the moments, in the page's order
 */
export async function makeHistory(stack: TestStack, files: HistoryFiles): Promise<string[]> {
  const moments: string[] = [];
  const passed = async () => {
    await later();
    moments.push(new Date().toISOString());
    await later();
  };
  const client = (token: string) => registryClient(stack.url, token);
  const change = async (file: string, content: string) => {
    const before = await entriesOf(stack, "policy.changed");
    await writeFile(file, content);
    await eventually(
      "the change is on record",
      async () => (await entriesOf(stack, "policy.changed")) > before,
    );
  };
  /** Each process takes a changed file over by itself. */
  const pushes = (token: string, repository: string, tag: string) =>
    eventually(`${token} may push to ${repository}`, async () => {
      await client(token).push(repository, tag, `${repository}:${tag}`);
      return true;
    });
  const refused = (token: string, repository: string, tag: string) =>
    eventually(`${token} may not push to ${repository}`, () =>
      client(token)
        .push(repository, tag, "another")
        .then(
          () => false,
          () => true,
        ),
    );

  await eventually(
    "the policy is on record",
    async () => (await entriesOf(stack, "policy.changed")) > 1,
  );
  await passed();
  await pushes("alice-token", "alpha/app", "1.0");
  await client("bob-token").manifest("alpha/app", "1.0");
  await passed();
  await change(files.policy, POLICIES.pipelinesToAlpha);
  await pushes("ci-token", "alpha/app", "1.1");
  await passed();
  await change(files.policy, POLICIES.pipelinesEverywhere);
  await pushes("ci-token", "beta/app", "1.0");
  await change(files.logins, LOGINS.bobInAlpha);
  await pushes("bob-token", "alpha/app", "2.0");
  await passed();
  await change(files.policy, POLICIES.pipelinesToAlpha);
  await refused("ci-token", "beta/app", "1.1");
  await refused("alice-token", "alpha/app", "1.0");
  await refused("no-such-token", "alpha/app", "1.0");
  await robotPushes(stack);
  for (const mode of ["read-only", "normal"])
    await rest(stack, "bob-token", "PUT", "/mode", { mode, reason: "the storage is moved" });
  await eventually(
    "what is counted is on record",
    async () => {
      const counted = ["access.refused", "login.failed"].map((action) => entriesOf(stack, action));
      return (await Promise.all(counted)).every((count) => count > 0);
    },
    90_000,
  );
  await eventually("the pull is on record", async () => {
    const { pulls } = await rest<{ pulls: number }>(
      stack,
      "alice-token",
      "GET",
      "/repositories/alpha/app/pulls?tag=1.0",
    );
    return pulls > 0;
  });
  await passed();
  return moments;
}

/** Of two things at one moment nobody can say which was first. */
async function later(): Promise<void> {
  const since = Date.now();
  await eventually("another moment", () => Date.now() > since + 1);
}

async function robotPushes(stack: TestStack): Promise<void> {
  const grants = [{ repositories: "alpha/**", actions: ["pull", "push"] }];
  const { robot, secret } = await rest<{ robot: { login: string }; secret: string }>(
    stack,
    "alice-token",
    "POST",
    "/teams/alpha/robots",
    {
      ...{ name: "deploy", description: "rolls out", grants },
    },
  );
  await registryClient(stack.url, secret, robot.login).push("alpha/app", "3.0", "by a robot");
}

async function entriesOf(stack: TestStack, action: string): Promise<number> {
  const path = `/audit?limit=500&action=${action}`;
  return (await rest<{ items: unknown[] }>(stack, "bob-token", "GET", path)).items.length;
}

async function rest<T>(
  stack: TestStack,
  token: string,
  method: string,
  path: string,
  body?: object,
): Promise<T> {
  const basic = Buffer.from(`oauth2:${token}`).toString("base64");
  const answer = await fetch(`${stack.url}/api/v1${path}`, {
    method,
    headers: { Authorization: `Basic ${basic}`, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}
