import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { DIST, REPOSITORY_ROOT } from "#local/repository-root.js";
import { operatorFolders } from "#service-kit/signing/operator-folders.js";
import { renewKeys } from "#service-kit/signing/renew.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

const SERVICES = ["gateway", "token-server"] as const;

let folder: TemporaryFolder;
/** Stands where the database is to be. */
let database: Server;
let asked = 0;
let good: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await temporaryFolder();
  const renewal = { lifetimeSeconds: 14 * 86_400, ahead: 1 };
  await renewKeys(operatorFolders(folder.path), renewal, Math.floor(Date.now() / 1000));
  database = await listening(() => (asked += 1));
  good = {
    HOST: "127.0.0.1",
    ...{ PORT: "0", METRICS_PORT: "0", NOTIFICATION_PORT: "0", DRAIN_SECONDS: "0" },
    DB_SUBNAME: `//127.0.0.1:${portOf(database)}/none`,
    KEYS_DIR: folder.path,
    NOTIFICATION_SECRET: "only-the-form-of-this-one-counts",
    HTTP_ALLOW_PUBLIC_READ: "true",
  };
});
beforeEach(() => {
  asked = 0;
});
afterAll(async () => {
  database.close();
  await folder.remove();
});

describe.each(SERVICES)("the process of the %s", (name) => {
  const program = join(DIST, name, "src", "main.js");

  test("ends with 78 when its configuration is wrong, says all that is, and has asked nobody", async () => {
    const wrong = { PORT: "eighty", DB_CONECTIONS: "5", LOG_LEVEL: "loud" };
    const { code, output } = await ended([program], { ...good, ...wrong });
    expect(code).toBe(78);
    for (const variable of Object.keys(wrong)) expect(output).toMatch(new RegExp(`^  ${variable}: `, "m")); // prettier-ignore
    expect(output).not.toMatch(/^\s+at /m);
    expect(asked).toBe(0);
  });

  test("ends with 78 when it can never listen where it is to, before it asks the database", async () => {
    const { code, output } = await ended([program], { ...good, HOST: "192.0.2.1" });
    expect(code).toBe(78);
    expect(output).toContain('HOST: given "192.0.2.1", wanted an address of this machine');
    expect(asked).toBe(0);
  });

  test("ends with 1 when somebody else listens there, before it asks the database", async () => {
    const other = await listening();
    const PORT = String(portOf(other));
    const { code, output } = await ended([program], { ...good, PORT });
    expect(code).toBe(1);
    expect(output).toBe(
      `PORT: given "${PORT}", wanted a port of 127.0.0.1 that nobody listens on (EADDRINUSE)\n`,
    );
    expect(asked).toBe(0);
    other.close();
  });

  test("says with --check that all is in order, asks nobody and leaves nothing, also beside one that runs", async () => {
    const other = await listening();
    const fresh = name === "gateway" ? {} : { KEYS_DIR: join(folder.path, "keys-to-come") };
    const env = { ...good, ...fresh, METRICS_PORT: String(portOf(other)) };
    const { code, output } = await ended([program, "--check"], env);
    expect([code, output.trim().split("\n").at(-1)]).toEqual([0, "the configuration is in order"]);
    expect(output).toContain("METRICS_PORT: given");
    expect(asked).toBe(0);
    expect(existsSync(join(folder.path, "keys-to-come"))).toBe(false);
    other.close();
  });

  test("says with --check what is wrong in files, each beside its variable", async () => {
    const variable = name === "gateway" ? "TAG_POLICY_FILE" : "LOGINS_FILE";
    const nowhere = join(folder.path, "nowhere");
    const { code, output } = await ended([program, "--check"], { ...good, [variable]: nowhere });
    expect(code).toBe(78);
    expect(output).toContain(`${variable}: given "${nowhere}", wanted a file that can be read`);
  });

  test("takes no other argument", async () => {
    const { code, output } = await ended([program, "--chek"], good);
    expect([code, output]).toEqual([78, expect.stringContaining("wanted --check or no argument")]);
  });

  test("ends with 0 when it is told to", async () => {
    const child = start([program], good);
    await child.says('"listener":"public"');
    child.process.kill("SIGTERM");
    expect((await child.end).code).toBe(0);
    expect(asked).toBeGreaterThan(0);
  });
});

describe("npm run config-check", () => {
  const script = join(REPOSITORY_ROOT, "deploy", "local", "commands", "config-check.mjs");

  test("checks both services, and ends as the one that is wrong", async () => {
    const { code, output } = await ended([script], { ...good, TAG_POLICY_FILE: "/nowhere" });
    expect(code).toBe(78);
    expect(output).toMatch(
      /^gateway:\n[^]*TAG_POLICY_FILE: given[^]*^token-server:\n[^]*in order$/m,
    );
  });

  test("checks the one that is named, and knows no others", async () => {
    expect((await ended([script, "token-server"], good)).code).toBe(0);
    expect((await ended([script, "tokenserver"], good)).code).toBe(2);
  });
});

async function listening(count: () => unknown = () => undefined): Promise<Server> {
  const server = createServer((socket) => {
    count();
    socket.on("error", () => undefined).destroy();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

interface Started {
  readonly process: ReturnType<typeof spawn>;
  readonly end: Promise<{ readonly code: number | null; readonly output: string }>;
  /** Waits until it has printed that. */
  says(text: string): Promise<void>;
}

function start(args: readonly string[], env: NodeJS.ProcessEnv): Started {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const heard = new EventTarget();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      heard.dispatchEvent(new Event("more"));
    });
  return {
    process: child,
    end: once(child, "close").then(() => ({ code: child.exitCode, output })),
    says: async (text) => {
      while (!output.includes(text))
        await new Promise((resolve) => {
          heard.addEventListener("more", resolve, { once: true });
        });
    },
  };
}

function ended(args: readonly string[], env: NodeJS.ProcessEnv): Started["end"] {
  return start(args, env).end;
}
