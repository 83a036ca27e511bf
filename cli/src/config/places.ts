import { homedir } from "node:os";
import { join } from "node:path";

/** The environment, as far as places are concerned. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @param env - environment variables
 * @param platform - as `process.platform`
 * @returns folder of wharf's settings: `WHARF_CONFIG_DIR`, else where the system keeps such (XDG; macOS; Windows)
 */
export function settingsFolder(env: Environment, platform: string): string {
  const own = said(env["WHARF_CONFIG_DIR"]);
  if (own !== null) return own;
  const home = said(env["HOME"]) ?? homedir();
  if (platform === "darwin") return join(home, "Library", "Application Support", "wharf");
  if (platform === "win32")
    return join(said(env["APPDATA"]) ?? join(home, "AppData", "Roaming"), "wharf");
  return join(said(env["XDG_CONFIG_HOME"]) ?? join(home, ".config"), "wharf");
}

/**
 * @param env - environment variables
 * @returns docker's `config.json`
 */
export function dockerConfigFile(env: Environment): string {
  const home = said(env["HOME"]) ?? homedir();
  return join(said(env["DOCKER_CONFIG"]) ?? join(home, ".docker"), "config.json");
}

function said(value: string | undefined): string | null {
  return value === undefined || value === "" ? null : value;
}
