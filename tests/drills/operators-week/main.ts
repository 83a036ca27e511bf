import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { withClient } from "#local/postgres/postgres.js";
import { runProgram } from "#local/processes/run-program.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { explain, refusedNotifications, type Window } from "./explain.js";
import { happenings } from "./happenings.js";
import { startInstallation, type Installation } from "./installation.js";
import { makeRobot, POLICY, ROBOT_CLIENTS } from "./pipeline.js";
import { measure } from "./resources.js";
import type { Robot } from "./rotations.js";
import { Traffic, type Failure } from "./traffic.js";

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

const BETWEEN_MILLISECONDS = 2_000;

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
  for (const line of await installation.lostAnswers()) say(line);
  const refused = refusedNotifications(installation);
  say(`${refused.length} notifications of the registry were refused`);
  for (const line of refused) say(line);
  return judge(traffic.failures, windows) && refused.length === 0;
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
  const all = happenings(installation, robot, policy);
  // Each at least once, however slow the machine is.
  for (let i = 0; i < all.length || Date.now() < end; i += 1) {
    const happening = all[i % all.length];
    if (happening === undefined) return;
    const { what, explains, happen } = happening;
    const from = Date.now();
    await happen();
    windows.push({ what, explains, from, to: Date.now() });
    say(`${what} (${Math.round((Date.now() - from) / 1_000)} s)`);
    await pause(BETWEEN_MILLISECONDS);
  }
}

function judge(failures: readonly Failure[], windows: readonly Window[]): boolean {
  const judged = failures.map((failure) => ({ ...failure, ...explain(failure, windows) }));
  for (const { what, why, during, explains } of judged)
    say(`FAILED ${what}: ${why}, during or after: ${during} (${explains ?? "UNEXPLAINED"})`);
  const unexplained = judged.filter(({ explains }) => explains === undefined).length;
  say(`${failures.length} operations failed, ${unexplained} of them without an explanation`);
  return unexplained === 0;
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
  const env = { SUDO_USER: "olga", PATH: process.env["PATH"], DATA_DIR: dataDir };
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
