import { spawn } from "node:child_process";
import { once } from "node:events";
import { CommandFault } from "../exit/faults.js";
import { parseLogin, type Login } from "./login.js";

const MOST_MILLISECONDS = 60_000;

/**
 * @param command - a command line that prints an access token, or `user:password`; run by the system's shell
 * @param env - its environment
 * @returns the login
 * @throws CommandFault when it fails or prints nothing
 */
export async function loginOfCommand(command: string, env: NodeJS.ProcessEnv): Promise<Login> {
  const child = spawn(command, {
    ...{ env, shell: true, timeout: MOST_MILLISECONDS },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  const login = parseLogin(Buffer.concat(chunks).toString("utf8"), "the context's command");
  if (code !== 0 || login === null)
    throw new CommandFault(
      `the command for the token ${code === 0 ? "printed nothing" : `failed with exit code ${code ?? "none"}`}`,
    );
  return login;
}
