import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DIST } from "#local/repository-root.js";
import { startNginx } from "./nginx.js";
import { debianProgram } from "./programs.js";
import { openWrk, type Wrk } from "./wrk.js";
import { registryClient, type RegistryClient } from "#tests/support/registry-client.js";
import { startStock } from "#tests/support/registry.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

/** All that is measured beside each other. */
export interface Scene {
  readonly stack: TestStack;
  /** URLs by side: the gateway, the bare registry on the same storage, nginx in front of that. */
  readonly urls: Readonly<Record<"gateway" | "bare" | "nginx", string>>;
  /** Files of the registry's storage. */
  readonly storage: string;
  /** For what is written meanwhile. */
  readonly folder: string;
  readonly client: RegistryClient;
  readonly wrk: Wrk;
  /** Whether it has to be over soon. */
  readonly isQuick: boolean;
  /** @returns URL of Node's own server, in a process of its own, that answers with these bytes */
  startBareServer(answer: { headers: Record<string, string>; body: string }): Promise<string>;
  stop(): Promise<void>;
}

/** A login of the local stack. */
export const LOGIN = "alice-token";

/** @returns gateway, bare registry and nginx on this machine, all on the same storage */
export async function openScene(isQuick: boolean): Promise<Scene> {
  const { registry } = testTools();
  if (registry.kind !== "binary") throw new Error("the bench needs a program of the registry");
  const opened: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of opened.reverse()) await end();
  };
  try {
    const folder = await temporaryFolder();
    opened.push(() => folder.remove());
    const stack = await startTestStack();
    opened.push(() => stack.stop());
    const storage = join(stack.dataDir, "registry", "blobs");
    const filesystem = { rootdirectory: storage };
    const bare = await startStock(registry.file, { storage: { filesystem } });
    opened.push(() => bare.stop());
    const nginx = await startNginx(await debianProgram("nginx", "nginx"), folder.path, bare.url); // prettier-ignore
    opened.push(() => nginx.service.stop());
    return {
      stack,
      urls: { gateway: stack.url, bare: bare.url, nginx: nginx.url },
      storage,
      folder: folder.path,
      client: registryClient(stack.url, LOGIN),
      wrk: await openWrk(await debianProgram("wrk", "wrk"), folder.path),
      isQuick,
      startBareServer: async (answer) => {
        const program = join(DIST, "tests", "bench", "support", "bare-server.js");
        const child = fork(program, { env: { ANSWER: JSON.stringify(answer) } });
        opened.push(() => (child.disconnect(), once(child, "exit")));
        const [address] = (await once(child, "message")) as [{ port: number }];
        return `http://127.0.0.1:${address.port}`;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
