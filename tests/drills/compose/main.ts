import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { waitUntil } from "#local/processes/wait.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { testTools } from "#tests/support/tools.js";
import { makeBaseImages } from "./base-images.js";
import { startEngine, type Engine } from "./engine.js";
import { freePort } from "./free-port.js";
import { startIdentityProvider } from "./identity-provider.js";
import { holdConfined, holdVersion, imageTable } from "./inspected.js";
import { Installation } from "./installation.js";
import { findPrograms } from "./programs.js";
import { Pushes } from "./pushes.js";
import { hold, step, type Done } from "./step.js";
import { Traffic } from "./traffic.js";

/**
 * Brings deploy/docker-compose.yml up with a real Docker Engine and does with it what an operator and a user do: build, push,
 * restart, take down, upgrade. docs/operations.md has what it says.
 */
const KEPT = resolve(
  process.env["COMPOSE_DRILL_DIR"] ?? join(REPOSITORY_ROOT, ".data", "drill-compose"),
);
const WORK = join(KEPT, "work");
/** After which it ends whatever it is at. */
const MINUTES = 45;
const [FIRST, UPGRADED] = ["0.1.0", "0.1.1"];

const done: Done[] = [];
const run = (what: string, work: () => Promise<string | undefined>) => step(what, work, done);

/** @returns line of the registry that the tests have, as compose names it */
function registryLine(): string {
  const { registry } = testTools();
  if (registry.kind !== "binary") throw new Error("REGISTRY_BIN: the drill needs a binary");
  return registry.line;
}

async function restartEach(installation: Installation, pushes: Pushes): Promise<void> {
  for (const service of ["registry", "token-server", "postgres", "balancer", "gateway"])
    await run(`${service} restarted, ready, and a push`, async () => {
      await installation.compose(["restart", service]);
      await installation.ready();
      await pushes.push(`after-${service}`);
      return undefined;
    });
}

async function rollGateways(
  engine: Engine,
  installation: Installation,
  pushes: Pushes,
): Promise<string> {
  const traffic = new Traffic(pushes, "restarted");
  traffic.start();
  const gateways = (await installation.containers()).filter(({ service }) => service === "gateway");
  for (const { id } of gateways) {
    await engine.docker(["restart", "--time", "45", id]);
    await healthy(engine, id);
  }
  const { made, failures } = await traffic.end();
  hold("no push failed", failures.length === 0, failures.slice(0, 3));
  return `${made} pushes, 0 failed`;
}

/** As docs/operations.md has it: new ones beside the old ones, and then those go. */
async function rollBack(
  engine: Engine,
  installation: Installation,
  pushes: Pushes,
): Promise<string> {
  await installation.version(FIRST);
  await installation.compose(["build"], 25);
  const ofGateways = async () =>
    (await installation.containers()).filter(({ service }) => service === "gateway");
  const scale = (gateways: number) => {
    const beside = ["--no-deps", "--no-recreate", "--scale", `gateway=${gateways}`, "gateway"];
    return installation.compose(["up", "-d", "--no-build", "--wait", ...beside], 5);
  };
  const traffic = new Traffic(pushes, "rolled-back");
  traffic.start();
  const old = await ofGateways();
  await scale(old.length * 2);
  for (const { id } of old) {
    await engine.docker(["stop", "--time", "45", id]);
    await engine.docker(["rm", id]);
  }
  await scale(old.length);
  const { made, failures } = await traffic.end();
  hold("no push failed", failures.length === 0, failures.slice(0, 3));
  await holdVersion(engine, await ofGateways(), FIRST);
  return `${made} pushes, 0 failed`;
}

async function healthy(engine: Engine, id: string): Promise<void> {
  const status = () => engine.docker(["inspect", "--format", "{{.State.Health.Status}}", id]);
  const isHealthy = await waitUntil(async () => (await status()) === "healthy", {
    withinMs: 120_000,
    everyMs: 500,
  });
  hold("the gateway is healthy again", isHealthy);
}

async function drill(engine: Engine, installation: Installation): Promise<void> {
  const pushes = new Pushes(engine, installation.url, join(WORK, "pushed"));
  const up = async () => {
    await installation.up();
    await installation.ready();
    return undefined;
  };
  const confined = async () => holdConfined(engine, await installation.containers());
  await run("images built by Compose and BuildKit", async () => {
    await installation.compose(["build"], 25);
    return undefined;
  });
  for (const line of await imageTable(engine)) console.log(`           ${line}`);
  await run("up, and ready", up);
  await run("each as confined as it has to be", confined);
  await run("docker login, and push", () => pushes.first());
  await run("another image under the same tag is refused", () => pushes.refused());
  await run("docker pull", () => pushes.pulled());
  await restartEach(installation, pushes);
  await run("gateways restarted one by one under pushes", () =>
    rollGateways(engine, installation, pushes),
  );
  await run("down", async () => {
    await installation.compose(["down"], 5);
    return undefined;
  });
  await run("up again, and ready", up);
  await run("all that was acknowledged stands", () => pushes.stand());
  await run("images of another version built", async () => {
    await installation.version(UPGRADED);
    await installation.compose(["build"], 25);
    return undefined;
  });
  await run("upgraded by up, which replaces all at once, and ready", async () => {
    const traffic = new Traffic(pushes, "upgraded");
    traffic.start();
    await up();
    const { made, failures } = await traffic.end();
    return `${made} pushes meanwhile, ${failures.length} failed`;
  });
  await run("each is of the other version, and as confined", async () => {
    await holdVersion(engine, await installation.containers(), UPGRADED);
    return confined();
  });
  await run("all that was acknowledged stands", () => pushes.stand());
  await run("rolled back, one gateway after the other, under pushes", () =>
    rollBack(engine, installation, pushes),
  );
  await run("all that was acknowledged stands", () => pushes.stand());
}

async function withEngine(engine: Engine): Promise<void> {
  const programs = await findPrograms(KEPT);
  const identities = await startIdentityProvider();
  try {
    const [line, port] = [registryLine(), await freePort()];
    const options = { line, port, identities };
    const installation = await Installation.prepare(engine, join(WORK, "copy"), options);
    await run("base images made", async () => {
      const names = ["node:24-bookworm-slim", ...(await installation.othersImages())];
      await makeBaseImages(programs, engine, { kept: KEPT, work: WORK }, names);
      return names.join(", ");
    });
    try {
      await drill(engine, installation);
    } catch (error) {
      console.error(await installation.lastLines());
      throw error;
    } finally {
      await installation.compose(["down", "-v", "--timeout", "10"], 5).catch(console.error);
    }
  } finally {
    await identities.stop();
  }
}

await rm(WORK, { recursive: true, force: true });
await mkdir(WORK, { recursive: true });
const programs = await findPrograms(KEPT);
const engine = await startEngine(programs, join(WORK, "engine"));
let stopping: Promise<void> | null = null;
const stop = () => (stopping ??= engine.stop());
const early = (code: number) => void stop().finally(() => process.exit(code));
const late = setTimeout(() => {
  console.error(`not done after ${MINUTES} minutes`);
  early(1);
}, MINUTES * 60_000);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => { early(130); }); // prettier-ignore
try {
  await withEngine(engine);
  const seconds = done.reduce((sum, one) => sum + one.seconds, 0);
  console.log(`whole: ${done.length} steps in ${Math.round(seconds / 60)} minutes`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  clearTimeout(late);
  await stop();
  await rm(WORK, { recursive: true, force: true });
}
