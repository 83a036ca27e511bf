import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { withClient } from "#local/postgres/postgres.js";
import { runProgram } from "#local/processes/run-program.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { happenings, type Robot } from "./happenings.js";
import { startInstallation, type Installation } from "./installation.js";
import { measure } from "./resources.js";
import { Traffic, type Failure, type Login } from "./traffic.js";

/**
 * An operator's week in minutes: two gateways and two token servers behind nginx with TLS, clients that push and pull all the
 * time, and all restarts, rotations and reloads that there are, one after the other, again and again.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    clients: { type: "string", default: "16" },
    idle: { type: "string", default: "30" },
  },
});

const ROBOT_CLIENTS = 4;
const BETWEEN_MILLISECONDS = 2_000;
/** Requests that had begun when something ended are told of a little later. */
const AFTERWARDS_MILLISECONDS = 3_000;

interface Window {
  readonly what: string;
  readonly explains: string | undefined;
  readonly from: number;
  readonly to: number;
}

async function drill(installation: Installation, policy: string): Promise<boolean> {
  const { url, stack } = installation;
  const idle = pause(Number(values.idle) * 1_000);
  const idleLines = await measure(() => installation.pids(), idle);
  const robot = await makeRobot(url);
  const traffic = new Traffic();
  const alice = Array.from({ length: Number(values.clients) - ROBOT_CLIENTS }, () => ({
    ...{ user: "oauth2", secret: "alice-token" },
  }));
  const before = await databaseBytes(stack.dataDir, await stack.addresses());
  traffic.start(url, [...alice, ...robot.logins]);
  const windows: Window[] = [];
  const week = live(installation, robot, policy, windows);
  const loadedLines = await measure(() => installation.pids(), week);
  await week;
  await traffic.end();
  const grown = (await databaseBytes(stack.dataDir, await stack.addresses())) - before;
  const { pushes, pulls } = traffic.done;
  say(`${pushes} pushes and ${pulls} pulls by ${values.clients} clients`);
  say(["idle:", ...idleLines, "loaded, with all restarts:", ...loadedLines].join("\n  "));
  const perOperation = grown / (pushes + pulls);
  say(`the database grew by ${(grown / 2 ** 20).toFixed(1)} MiB: ${((perOperation * 10_000) / 2 ** 20).toFixed(1)} MiB for 10,000 of these`); // prettier-ignore
  tellServerErrors(installation);
  return judge(traffic.failures, windows);
}

/** Why a service answered that it could not: its own lines have the cause. */
function tellServerErrors({ gateways, tokenServers }: Installation): void {
  const lines = [...gateways, ...tokenServers].flatMap((one) => one.output().split("\n"));
  for (const line of lines.filter((text) => /"status":"5\d\d"/.test(text))) say(line);
}

async function live(
  installation: Installation,
  robot: Robot,
  policy: string,
  windows: Window[],
): Promise<void> {
  const end = Date.now() + Number(values.minutes) * 60_000;
  for (;;)
    for (const { what, explains, happen } of happenings(installation, robot, policy)) {
      if (Date.now() >= end) return;
      const from = Date.now();
      say(what);
      await happen();
      windows.push({ what, explains, from, to: Date.now() });
      await pause(BETWEEN_MILLISECONDS);
    }
}

function judge(failures: readonly Failure[], windows: readonly Window[]): boolean {
  let unexplained = 0;
  for (const { at, what, why } of failures) {
    const window = windows.findLast(({ from }) => from <= at);
    const isWithin = window !== undefined && at <= window.to + AFTERWARDS_MILLISECONDS;
    const explains = isWithin ? window.explains : undefined;
    if (explains === undefined) unexplained += 1;
    say(`FAILED ${what}: ${why}, during or after: ${window?.what ?? "nothing"} (${explains ?? "UNEXPLAINED"})`); // prettier-ignore
  }
  say(`${failures.length} operations failed, ${unexplained} of them without an explanation`);
  return unexplained === 0;
}

async function makeRobot(url: string): Promise<Robot> {
  const name = "pipeline";
  const answer = await fetch(`${url}/api/v1/teams/alpha/robots`, {
    method: "POST",
    headers: { authorization: "Bearer alice-token", "content-type": "application/json" },
    body: JSON.stringify({
      name,
      grants: [{ repositories: "alpha/**", actions: ["pull", "push"] }],
    }),
  });
  if (!answer.ok) throw new Error(`a robot could not be made: ${await answer.text()}`);
  const made = (await answer.json()) as { robot: { login: string }; secret: string };
  const login = (): Login => ({ user: made.robot.login, secret: made.secret });
  return { name, logins: Array.from({ length: ROBOT_CLIENTS }, login) };
}

async function databaseBytes(dataDir: string, { postgres = "" }: Record<string, string>) {
  const password = (await readFile(join(dataDir, "secrets", "postgres-gateway"), "utf8")).trim();
  const { hostname: host, port } = new URL(postgres);
  const login = { host, port: Number(port), user: "wharfinger_gateway", password };
  let bytes = 0;
  await withClient({ ...login, database: "wharfinger" }, async (client) => {
    const sql = "select pg_database_size(current_database())::float8 as bytes";
    const { rows } = await client.query<{ bytes: number }>(sql);
    bytes = rows[0]?.bytes ?? 0;
  });
  return bytes;
}

/** @returns whether the audit log, the ledger and the registry say the same */
async function verify(dataDir: string): Promise<boolean> {
  const program = join("deploy", "local", "commands", "audit.mjs");
  const env = { PATH: process.env["PATH"], DATA_DIR: dataDir };
  const args = [program, "verify", "--registry", "--parts"];
  const command = { file: process.execPath, args, env, cwd: REPOSITORY_ROOT };
  const { ok, output } = await runProgram(command, { timeoutMs: 600_000 });
  say(output.trim());
  return ok;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function say(text: string): void {
  console.log(text);
}

const POLICY = `rules:
  - id: members
    effect: allow
    actions: [pull, push, manage]
    repositories: ["\${team}/**"]
    who: logged-in
  - id: pipelines
    effect: allow
    actions: [pull, push]
    namespaces: [alpha]
    who: { kinds: [robot] }
`;

async function run(folder: string): Promise<boolean> {
  const installation = await startInstallation(folder, {
    policy: POLICY,
    secretOf: ({ dataDir }) => readFile(join(dataDir, "secrets", "notification"), "utf8"),
  });
  try {
    const isRight = await drill(installation, POLICY);
    return (await verify(installation.stack.dataDir)) && isRight;
  } finally {
    await installation.stop();
  }
}

const folder = await temporaryFolder();
try {
  process.exitCode = (await run(folder.path)) ? 0 : 1;
} finally {
  await folder.remove();
}
