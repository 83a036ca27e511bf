import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { withClient } from "#local/postgres/postgres.js";
import { DIST } from "#local/repository-root.js";
import { eventually } from "#tests/support/eventually.js";
import type { ServiceBeside } from "#tests/support/service-beside.js";
import type { Installation } from "./installation.js";
import { replace } from "./replace.js";
import { restart } from "./restart.js";
import type { Login } from "./traffic.js";

/** A robot, and those of the clients that are it. */
export interface Robot {
  readonly name: string;
  readonly logins: readonly Login[];
}

/**
 * @param installation - whose keys
 * @param owner - `gateway` or `token-server`
 */
export async function rotateKeys({ stack }: Installation, owner: string): Promise<void> {
  const program = join(DIST, "service-kit", "src", "signing", "main.js");
  const dir = join(stack.dataDir, "keys");
  const args = [program, "rotate", "--dir", dir, "--owner", owner, "--in", "4s"];
  await promisify(execFile)(process.execPath, args);
}

/**
 * @param installation - where it logs in
 * @param robot - whose secret is rotated, with an overlap
 */
export async function rotateRobot({ url }: Installation, { name, logins }: Robot): Promise<void> {
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

/**
 * Two roles with the same rights, of which one is used: the other one is given a new password, in a file of its own, and
 * then used by one process after the other. Nobody's password changes while it is used.
 *
 * @param installation - whose services take their other role
 */
export async function changeDatabaseRole(installation: Installation): Promise<void> {
  const { gateways, tokenServers } = installation;
  for (const [services, name] of [
    [gateways, "wharfinger_gateway"],
    [tokenServers, "wharfinger_token_server"],
  ] as const) {
    const role = services[0].told("DB_USER") === `${name}_2` ? name : `${name}_2`;
    const file = await givePassword(installation, role);
    for (const service of services) {
      service.tell({ DB_USER: role, DB_PASSWORD_FILE: file });
      await restart(service);
    }
  }
}

async function givePassword({ stack }: Installation, role: string): Promise<string> {
  const { postgres = "" } = await stack.addresses();
  const { hostname: host, port } = new URL(postgres);
  const secrets = join(stack.dataDir, "secrets");
  const password = (await readFile(join(secrets, "postgres"), "utf8")).trim();
  const superuser = { host, port: Number(port), user: "wharfinger", database: "wharfinger" };
  const next = randomBytes(24).toString("hex");
  await withClient({ ...superuser, password }, (client) =>
    client.query(`alter role ${role} password '${next}'`),
  );
  const file = join(secrets, FILES[role] ?? role);
  await replace(file, next);
  return file;
}

/** Those that the stack's own services read, too. */
const FILES: Readonly<Record<string, string>> = {
  wharfinger_gateway: "postgres-gateway",
  wharfinger_token_server: "postgres-token-server",
};

/**
 * Gateways with both secrets, the registry with the new one, gateways with the new one alone.
 *
 * @param installation - whose secret
 */
export async function changeNotificationSecret(installation: Installation): Promise<void> {
  const { secretFile, previousSecretFile, gateways } = installation;
  const before = (await readFile(secretFile, "utf8")).trim();
  const next = randomBytes(32).toString("hex");
  await replace(previousSecretFile, before);
  await replace(secretFile, next);
  for (const gateway of gateways) {
    gateway.tell({ NOTIFICATION_SECRET_PREVIOUS_FILE: previousSecretFile });
    await restart(gateway);
  }
  await installation.reconfigureRegistry((text) => text.replaceAll(before, next));
  await eventually("the gateways reach it", async () =>
    (await Promise.all(gateways.map(({ url }) => fetch(`${url}/ready`)))).every(({ ok }) => ok),
  );
  for (const gateway of gateways) {
    gateway.tell({ NOTIFICATION_SECRET_PREVIOUS_FILE: undefined });
    await restart(gateway);
  }
  await eventually("what the registry tells with the new secret is taken", () =>
    takesNotifications(gateways[0]),
  );
}

/** While clients push. */
async function takesNotifications(gateway: ServiceBeside): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${gateway.told("METRICS_PORT")}/metrics`);
  return /^registry_notifications_total\{.*\} [1-9]/m.test(await answer.text());
}
