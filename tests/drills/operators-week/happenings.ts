import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { withClient } from "#local/postgres/postgres.js";
import { DIST } from "#local/repository-root.js";
import { eventually } from "#tests/support/eventually.js";
import type { Installation } from "./installation.js";
import type { Login } from "./traffic.js";

/** Something that operators do in a week. */
export interface Happening {
  readonly what: string;
  /** Why operations may fail meanwhile; absent: none may. */
  readonly explains?: string;
  readonly happen: () => Promise<void>;
}

/** A robot, and those of the clients that are it. */
export interface Robot {
  readonly name: string;
  readonly logins: readonly Login[];
}

/** A name that is rewritten whole, as every careful tool does: nobody reads half of it. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/**
 * @param installation - where it happens
 * @param robot - whose secret is rotated
 * @param policy - what the policy file says
 * @returns what happens, in the order in which it does
 */
export function happenings(
  installation: Installation,
  robot: Robot,
  policy: string,
): readonly Happening[] {
  const { gateways, tokenServers } = installation;
  return [
    { what: "all are told to read their files anew (SIGHUP)", happen: () => hangUp(installation) },
    {
      what: "the policy file is broken for a while",
      happen: () => breakPolicy(installation, policy),
    },
    { what: "the token server's key is rotated", happen: () => keys(installation, "token-server") },
    { what: "the gateways' key is rotated", happen: () => keys(installation, "gateway") },
    {
      what: "a robot's secret is rotated with an overlap",
      happen: () => rotateRobot(installation, robot),
    },
    { what: "the database's password is changed", happen: () => changePassword(installation) },
    ...gateways.map((one, i) => ({
      what: `gateway ${i + 1} is restarted`,
      happen: () => restart(one),
    })),
    ...tokenServers.map((one, i) => ({
      what: `token server ${i + 1} is restarted`,
      happen: () => restart(one),
    })),
    {
      what: "the notification secret is changed",
      explains: "the only registry is restarted for it",
      happen: () => changeSecret(installation),
    },
  ];
}

async function restart(service: Installation["gateways"][number]): Promise<void> {
  const code = await service.stop();
  if (code !== 0) throw new Error(`it ended with ${code}`);
  await service.start();
}

function hangUp({ gateways, tokenServers }: Installation): Promise<void> {
  for (const one of [...gateways, ...tokenServers]) process.kill(one.pid(), "SIGHUP");
  return Promise.resolve();
}

async function breakPolicy({ policyFile, tokenServers }: Installation, policy: string) {
  const refusals = () => tokenServers.map((one) => one.output().split("policy.refused").length);
  const before = refusals();
  await replace(policyFile, "rules: [");
  await eventually("both have refused it", () =>
    refusals().every((count, i) => count > (before[i] ?? 0)),
  );
  await replace(policyFile, policy);
}

async function keys({ stack }: Installation, owner: string): Promise<void> {
  const program = join(DIST, "service-kit", "src", "signing", "main.js");
  const dir = join(stack.dataDir, "keys");
  const args = [program, "rotate", "--dir", dir, "--owner", owner, "--in", "4s"];
  await promisify(execFile)(process.execPath, args);
}

async function rotateRobot({ url }: Installation, { name, logins }: Robot): Promise<void> {
  const answer = await fetch(`${url}/api/v1/teams/alpha/robots/${name}/rotate`, {
    method: "POST",
    headers: { authorization: "Bearer alice-token", "content-type": "application/json" },
    body: JSON.stringify({ overlapHours: 1 }),
  });
  if (answer.status !== 200) throw new Error(`rotate answered ${answer.status}`);
  const { secret } = (await answer.json()) as { secret: string };
  // One pipeline after the other has the new one; the last of them much later.
  for (const login of logins) {
    login.secret = secret;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

async function changePassword({ stack }: Installation): Promise<void> {
  const { postgres = "" } = await stack.addresses();
  const { hostname, port } = new URL(postgres);
  for (const [role, name] of [
    ["wharfinger_gateway", "gateway"],
    ["wharfinger_token_server", "token-server"],
  ] as const) {
    const file = join(stack.dataDir, "secrets", `postgres-${name}`);
    const password = (await readFile(file, "utf8")).trim();
    const login = {
      host: hostname,
      port: Number(port),
      user: role,
      password,
      database: "wharfinger",
    };
    const next = randomBytes(24).toString("hex");
    await withClient(login, async (client) => {
      await client.query(`alter role ${role} password '${next}'`);
      await replace(file, next);
    });
  }
}

/** As docs/rotation.md has it: gateways with both, the registry with the new one. */
async function changeSecret(installation: Installation): Promise<void> {
  const { stack, secretFile, previousSecretFile, gateways } = installation;
  const before = (await readFile(secretFile, "utf8")).trim();
  const next = randomBytes(32).toString("hex");
  await replace(previousSecretFile, before);
  await replace(secretFile, next);
  for (const gateway of gateways) await restart(gateway);
  const config = join(stack.dataDir, "registry", "config.yml");
  await replace(config, (await readFile(config, "utf8")).replaceAll(before, next));
  const pid = await stack.pidOf("registry");
  if (pid === null) throw new Error("the registry does not run");
  process.kill(pid, "SIGTERM");
  await eventually("another registry runs", async () => {
    const now = await stack.pidOf("registry");
    return now !== null && now !== pid;
  });
  await eventually("the gateways reach it", async () =>
    (await Promise.all(gateways.map(({ url }) => fetch(`${url}/ready`)))).every(({ ok }) => ok),
  );
}
