import { spawn } from "node:child_process";
import type { Terminal } from "../output/terminal.js";

/**
 * Opens a page in the browser of whoever sits there, and writes its address to standard output, for where there is none.
 *
 * @param url - the page
 * @param machine - `BROWSER`, else what the system opens pages with
 */
export function openPage(
  url: string,
  machine: {
    readonly env: NodeJS.ProcessEnv;
    readonly platform: string;
    readonly terminal: Terminal;
  },
): void {
  machine.terminal.out.write(`${url}\n`);
  const [program, ...words] = openerOf(machine.env, machine.platform);
  const opener = spawn(program, [...words, url], { stdio: "ignore", detached: true });
  // The address is written already.
  opener.on("error", () => undefined);
  opener.unref();
}

function openerOf(env: NodeJS.ProcessEnv, platform: string): readonly [string, ...string[]] {
  const own = env["BROWSER"];
  if (own !== undefined && own !== "") return [own];
  if (platform === "darwin") return ["open"];
  return platform === "win32" ? ["rundll32", "url.dll,FileProtocolHandler"] : ["xdg-open"];
}
