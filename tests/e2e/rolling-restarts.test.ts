import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { UnpackedPackage } from "#local/programs/debian-package.js";
import { findDebianPackage } from "#tests/support/debian-package.js";
import { eventually } from "#tests/support/eventually.js";
import { startHaproxy, startNginx, type LoadBalancer } from "#tests/support/load-balancers.js";
import { registryClient } from "#tests/support/registry-client.js";
import { serviceBeside, type ServiceBeside } from "#tests/support/service-beside.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { startRelay } from "#tests/support/tcp-relay.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

/** Longer than HAProxy takes to notice. */
const DRAINING = { SHUTDOWN_DELAY_SECONDS: "4", DRAIN_SECONDS: "60" };
const CLIENTS = 4;

const nginx = await findDebianPackage("nginx");
const haproxy = await findDebianPackage("haproxy");
const missing = [nginx, haproxy].some((found) => typeof found === "string");

(missing ? describe.skip : describe)("behind nginx and HAProxy", () => {
  let stack: TestStack;
  let folder: TemporaryFolder;
  const stopping: { stop(): Promise<unknown> }[] = [];
  let tokenServers: readonly ServiceBeside[];
  let gateways: readonly ServiceBeside[];
  let balancers: readonly LoadBalancer[];

  const pair = async (part: "gateway" | "token-server", env: NodeJS.ProcessEnv = {}) => {
    const told = { ...DRAINING, ...env };
    const [one, other] = [
      await serviceBeside(stack, part, told),
      await serviceBeside(stack, part, told),
    ];
    await Promise.all([one.start(), other.start()]);
    stopping.unshift(one, other);
    return [one, other] as const;
  };
  const before = async (
    start: typeof startNginx,
    found: UnpackedPackage | string,
    [one, other]: readonly [ServiceBeside, ServiceBeside],
  ) => {
    const behind = { folder: folder.path, ports: [one.port, other.port] as const };
    const balancer = await start({ found: found as UnpackedPackage, ...behind });
    stopping.unshift(balancer);
    return balancer;
  };

  beforeAll(async () => {
    [stack, folder] = await Promise.all([
      startTestStack({ env: { TOKEN_SERVERS: "2" } }),
      temporaryFolder(),
    ]);
    const tokens = await pair("token-server");
    const both = tokens.map(({ url }) => url).join();
    const pushes = await pair("gateway", { TOKEN_SERVER_URL: both });
    balancers = [
      await before(startNginx, nginx, pushes),
      await before(startHaproxy, haproxy, pushes),
    ];
    [tokenServers, gateways] = [tokens, pushes];
  });
  afterAll(async () => {
    // The balancers first, so that the services wait for nobody; a second signal: at once.
    for (const balancer of stopping.slice(0, 2)) await balancer.stop();
    const services = stopping.slice(2);
    await Promise.all([...services, ...services].map((service) => service.stop()));
    await stack.stop();
    await folder.remove();
  });

  test("a stack with two token servers goes on when one is killed", async () => {
    const alice = registryClient(stack.url, "alice-token");
    await alice.push("alpha/killed", "before", "before");
    await stack.kill("token-server");
    for (let i = 0; i < 4; i += 1) await alice.push("alpha/killed", `after-${i}`, `after-${i}`);
  });

  test("a gateway that starts looks whether it is ready before it listens, and listens all the same", async () => {
    const { registry = "" } = await stack.addresses();
    const relay = await startRelay(Number(new URL(registry).port));
    await relay.cut();
    const told = { REGISTRY_URL: `http://127.0.0.1:${relay.port}`, SHUTDOWN_DELAY_SECONDS: "0" };
    const gateway = await serviceBeside(stack, "gateway", told);
    const starting = gateway.start();
    await eventually("it answers", async () => (await statusOf(gateway)) === 503, 60_000);
    const lines = gateway.output();
    const listens = lines.indexOf('"event":"listening","listener":"public"');
    expect(lines.slice(0, listens)).toContain('"event":"ready.lost"');
    await relay.mend();
    await starting;
    await gateway.stop();
    await relay.cut();
  });

  test("pushes and pulls go on while each gateway and each token server is restarted", async () => {
    const traffic = trafficThrough(balancers);
    for (const service of [...gateways, ...tokenServers]) {
      await traffic.someMore();
      expect(await service.stop()).toBe(0);
      await traffic.someMore();
      await service.start();
    }
    await traffic.someMore();
    expect(await traffic.end()).toEqual([]);
    for (const service of [...gateways, ...tokenServers])
      expect(service.output()).not.toContain("requests.cut");
  });
});

/** @returns the status of `/ready`; `null` where nobody listens */
function statusOf({ url }: ServiceBeside): Promise<number | null> {
  return fetch(`${url}/ready`).then(
    ({ status }) => status,
    () => null,
  );
}

/** Clients that push and pull until they are told to end. */
function trafficThrough(balancers: readonly LoadBalancer[]) {
  const failures: string[] = [];
  let done = 0;
  let isOver = false;
  const client = async (number: number) => {
    const { url } = balancers[number % balancers.length] ?? { url: "" };
    const alice = registryClient(url, "alice-token");
    for (let round = 0; !isOver; round += 1) {
      const tag = `${number}.${round}`;
      try {
        await alice.push("alpha/restarts", tag, tag);
        const { status } = await alice.manifest("alpha/restarts", tag);
        if (status !== 200) failures.push(`${tag}: pull ${status}`);
        done += 1;
      } catch (error) {
        failures.push(`${tag} at ${new Date().toISOString()}: ${String(error)}`);
      }
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
  return {
    someMore: () => {
      const wanted = done + 4 * CLIENTS;
      return eventually("some more rounds", () => done >= wanted || failures.length > 0);
    },
    end: async () => {
      isOver = true;
      await Promise.all(clients);
      return failures;
    },
  };
}
