import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setDefaultCACertificates } from "node:tls";
import { portPicker } from "#local/processes/ports.js";
import { findDebianPackage } from "#tests/support/debian-package.js";
import { makeAuthority, makeLeaf } from "#tests/support/certificates.js";
import { eventually } from "#tests/support/eventually.js";
import { startNginx, type LoadBalancer } from "#tests/support/load-balancers.js";
import { serviceBeside, type ServiceBeside } from "#tests/support/service-beside.js";
import { startTestStack, type Part, type TestStack } from "#tests/support/stack.js";
import { replace } from "./replace.js";
import { restart } from "./restart.js";

/** Longer than clients need to leave a process that is about to end. */
const DRAINING = { SHUTDOWN_DELAY_SECONDS: "2", DRAIN_SECONDS: "60" };
const PARTS: readonly Part[] = ["postgres", "registry"];
const ports = portPicker();

/** Two gateways and two token servers behind nginx with TLS, each a process of its own. */
export interface Installation {
  readonly stack: TestStack;
  readonly url: string;
  readonly gateways: readonly [ServiceBeside, ServiceBeside];
  readonly tokenServers: readonly [ServiceBeside, ServiceBeside];
  /** Followed by the token servers. */
  readonly policyFile: string;
  /** Read by the gateways at their start: what they take, and what they also take. */
  readonly secretFile: string;
  readonly previousSecretFile: string;
  /**
   * Restarts the registry with another configuration.
   *
   * @param change - makes it of the one that there is
   */
  reconfigureRegistry(change: (text: string) => string): Promise<void>;
  /** @returns lines of the load balancer about answers that it did not get; a connection that is refused is none */
  lostAnswers(): Promise<string[]>;
  pids(): Promise<ReadonlyMap<string, number>>;
  stop(): Promise<void>;
}

/**
 * @param folder - for files of the installation's own
 * @param files - what has to be there before the services start
 * @returns the installation, ready
 */
export async function startInstallation(
  folder: string,
  files: { readonly policy: string; readonly secretOf: (stack: TestStack) => Promise<string> },
): Promise<Installation> {
  const found = await findDebianPackage("nginx");
  if (typeof found === "string") throw new Error(`no nginx: ${found}`);
  const stack = await startTestStack();
  const at = (name: string) => join(folder, name);
  const [policyFile, secretFile, previousSecretFile] = [
    at("policy.yaml"),
    at("notification"),
    at("notification-previous"),
  ];
  const [secret, notificationPort] = [await files.secretOf(stack), await ports.next()];
  await Promise.all([writeFile(policyFile, files.policy), writeFile(secretFile, secret)]);
  const beside = async (part: "gateway" | "token-server", told: NodeJS.ProcessEnv) => {
    const all = { ...DRAINING, TRUSTED_PROXIES: "loopback", ...told };
    const pair = [
      await serviceBeside(stack, part, all),
      await serviceBeside(stack, part, all),
    ] as const;
    for (const one of pair) await one.start();
    return pair;
  };
  const tokenServers = await beside("token-server", { POLICY_FILE: policyFile });
  const gateways = await beside("gateway", {
    TOKEN_SERVER_URL: tokenServers.map(({ url }) => url).join(),
    NOTIFICATION_SECRET_FILE: secretFile,
  });
  // Told by the registry what it does, from here on, instead of the stack's own gateway.
  gateways[0].tell({ NOTIFICATION_PORT: String(notificationPort) });
  await restart(gateways[0]);
  const { gatewayNotifications = "" } = await stack.addresses();
  const reconfigureRegistry = reconfiguring(stack);
  await reconfigureRegistry((text) =>
    text.replaceAll(new URL(gatewayNotifications).host, `127.0.0.1:${notificationPort}`),
  );
  const portsOf = ([one, other]: readonly [ServiceBeside, ServiceBeside]) =>
    [one.port, other.port] as const;
  const balanced = { found, folder, ports: portsOf(gateways), tokenPorts: portsOf(tokenServers) };
  const nginx: LoadBalancer = await startNginx({ ...balanced, tls: await certified(at) });
  const services = [...gateways, ...tokenServers];
  return {
    ...{ stack, gateways, tokenServers, policyFile, secretFile, previousSecretFile },
    reconfigureRegistry,
    url: nginx.url,
    lostAnswers: async () =>
      (await nginx.troubles())
        .split("\n")
        .filter((line) => line.includes("[error]") && !line.includes("Connection refused")),
    pids: async () => {
      const named = ["gateway 1", "gateway 2", "token server 1", "token server 2"].map(
        (name, i) => [name, services[i]?.pid() ?? 0] as const,
      );
      const parts = await Promise.all(
        PARTS.map(async (part) => [part as string, (await stack.pidOf(part)) ?? 0] as const),
      );
      return new Map([...named, ...parts].filter(([, pid]) => pid > 0));
    },
    stop: async () => {
      await nginx.stop();
      await Promise.all(services.map((service) => service.stop()));
      await stack.stop();
    },
  };
}

function reconfiguring(stack: TestStack): Installation["reconfigureRegistry"] {
  const config = join(stack.dataDir, "registry", "config.yml");
  return async (change) => {
    await replace(config, change(await readFile(config, "utf8")));
    const { registry = "" } = await stack.addresses();
    const pid = await stack.pidOf("registry");
    if (pid === null) throw new Error("the registry does not run");
    process.kill(pid, "SIGTERM");
    await eventually("another registry runs", async () => {
      const now = await stack.pidOf("registry");
      return now !== null && now !== pid && (await answers(registry));
    });
  };
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

/** A certificate for nginx that this process trusts. */
async function certified(at: (name: string) => string) {
  const authority = await makeAuthority();
  const leaf = await makeLeaf(authority, ["localhost"]);
  const tls = { certificate: at("tls-certificate.pem"), key: at("tls-key.pem") };
  await writeFile(tls.certificate, leaf.certificate);
  await writeFile(tls.key, leaf.key, { mode: 0o600 });
  setDefaultCACertificates([authority.certificatePem]);
  return tls;
}
