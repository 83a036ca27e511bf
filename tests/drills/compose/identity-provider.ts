import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { launchOf } from "#local/processes/launch.js";
import { answersOk, waitUntil } from "#local/processes/wait.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { freePort } from "./free-port.js";
import { HOST_ADDRESS } from "./engine.js";

/** The local stack's stand-in for the company's services, where containers reach it. */
export interface IdentityProvider {
  readonly tokeninfoUrl: string;
  readonly teamServiceUrl: string;
  readonly stop: () => Promise<void>;
}

/**
 * It listens on loopback alone, so a relay on the engine's bridge leads there.
 *
 * @returns it, answering
 * @throws Error when it does not come up
 */
export async function startIdentityProvider(): Promise<IdentityProvider> {
  const port = await freePort();
  const program = join(REPOSITORY_ROOT, "dist/deploy/local/stand-ins/identity-provider.js");
  const identities = join(REPOSITORY_ROOT, "deploy/local/identities.json");
  const env = { PATH: process.env["PATH"], PORT: String(port), IDENTITIES_FILE: identities };
  const launch = launchOf({ file: process.execPath, args: [program], env }, "SIGTERM");
  const provider = spawn(launch.file, launch.args, { ...launch.options, stdio: "ignore" });
  const relay = createServer((one) => {
    const other = connect(port, "127.0.0.1");
    one.on("error", () => other.destroy()).pipe(other);
    other.on("error", () => one.destroy()).pipe(one);
  });
  relay.listen(port, HOST_ADDRESS);
  await once(relay, "listening");
  const stop = async () => {
    relay.close();
    if (provider.exitCode !== null || provider.signalCode !== null) return;
    const ended = once(provider, "exit");
    provider.kill("SIGTERM");
    await ended;
  };
  const url = `http://${HOST_ADDRESS}:${port}`;
  const isUp = await waitUntil(() => answersOk(`${url}/health`), { withinMs: 30_000 });
  if (!isUp) {
    await stop();
    throw new Error("the identity provider did not come up");
  }
  return {
    tokeninfoUrl: `${url}/oauth2/tokeninfo`,
    teamServiceUrl: `${url}/teams-service`,
    stop,
  };
}
