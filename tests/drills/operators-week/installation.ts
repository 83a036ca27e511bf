import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setDefaultCACertificates } from "node:tls";
import { findDebianPackage } from "#tests/support/debian-package.js";
import { makeAuthority, makeLeaf } from "#tests/support/certificates.js";
import { startNginx, type LoadBalancer } from "#tests/support/load-balancers.js";
import { serviceBeside, type ServiceBeside } from "#tests/support/service-beside.js";
import { startTestStack, type Part, type TestStack } from "#tests/support/stack.js";

/** Longer than clients need to leave a process that is about to end. */
const DRAINING = { SHUTDOWN_DELAY_SECONDS: "2", DRAIN_SECONDS: "60" };
const PARTS: readonly Part[] = ["postgres", "registry"];

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
  const found = await findDebianPackage("nginx-light");
  if (typeof found === "string") throw new Error(`no nginx: ${found}`);
  const stack = await startTestStack();
  const at = (name: string) => join(folder, name);
  const [policyFile, secretFile, previousSecretFile] = [
    at("policy.yaml"),
    at("notification"),
    at("notification-previous"),
  ];
  const secret = await files.secretOf(stack);
  await Promise.all([
    writeFile(policyFile, files.policy),
    writeFile(secretFile, secret),
    writeFile(previousSecretFile, randomBytes(32).toString("hex")),
  ]);
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
    NOTIFICATION_SECRET_PREVIOUS_FILE: previousSecretFile,
  });
  const portsOf = ([one, other]: readonly [ServiceBeside, ServiceBeside]) =>
    [one.port, other.port] as const;
  const balanced = { found, folder, ports: portsOf(gateways), tokenPorts: portsOf(tokenServers) };
  const nginx: LoadBalancer = await startNginx({ ...balanced, tls: await certified(at) });
  const services = [...gateways, ...tokenServers];
  return {
    ...{ stack, gateways, tokenServers, policyFile, secretFile, previousSecretFile },
    url: nginx.url,
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
