import { spawn } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";
import { CommandFault } from "../exit/faults.js";

const gotSchema = z.object({ Username: z.string(), Secret: z.string() });
const NAME = /^[A-Za-z0-9._-]+$/;
/** A keychain may have to ask its owner first. */
const MOST_MILLISECONDS = 120_000;

/** What a credential helper of docker's can be told (docker-credential-helpers, credentials.go). */
export interface HelperProgram {
  /** @returns user and secret for a host, `null` when it has none */
  get(host: string): Promise<{ readonly user: string; readonly secret: string } | null>;
  /** Keeps a login. @throws CommandFault when it does not */
  store(host: string, login: { readonly user: string; readonly secret: string }): Promise<void>;
  /** Forgets a login. @throws CommandFault when it does not */
  erase(host: string): Promise<void>;
}

/**
 * @param name - as in docker's `config.json`: the program is `docker-credential-<name>`
 * @param env - environment of the program
 * @returns the helper
 */
export function helperProgram(name: string, env: NodeJS.ProcessEnv): HelperProgram {
  if (!NAME.test(name))
    throw new CommandFault(`docker's config.json names a credential helper that cannot be one`);
  const program = `docker-credential-${name}`;
  const call = (verb: string, input: string) => talk({ program, verb, input, env });
  const must = async (verb: string, input: string) => {
    const { code } = await call(verb, input);
    if (code !== 0) throw new CommandFault(`${program} ${verb} failed with exit code ${code}`);
  };
  return {
    get: async (host) => {
      const { code, output } = await call("get", host);
      // It says so for "not found", too; there is no other sign.
      if (code !== 0) return null;
      const got = gotSchema.safeParse(parsedOr(output));
      if (!got.success) throw new CommandFault(`${program} get: its answer is not of its form`);
      return { user: got.data.Username, secret: got.data.Secret };
    },
    store: (host, { user, secret }) =>
      must("store", JSON.stringify({ ServerURL: host, Username: user, Secret: secret })),
    erase: (host) => must("erase", host),
  };
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function talk(asked: {
  readonly program: string;
  readonly verb: string;
  readonly input: string;
  readonly env: NodeJS.ProcessEnv;
}): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(asked.program, [asked.verb], {
    env: asked.env,
    stdio: ["pipe", "pipe", "ignore"],
    timeout: MOST_MILLISECONDS,
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  // A helper that ends without having read is known by its exit code.
  child.stdin.on("error", () => undefined);
  child.stdin.end(asked.input);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return { code: code ?? 1, output: Buffer.concat(chunks).toString("utf8") };
  } catch {
    throw new CommandFault(
      `docker's config.json names ${asked.program}, which cannot be run`,
      undefined,
      "install it, or take it out of credsStore or credHelpers",
    );
  }
}
