import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { NotificationConfig } from "../../notifications/config.js";
import { bad, good, look, reasonOf, type Finding } from "./finding.js";

const TIMEOUT_MILLISECONDS = 5_000;
const run = promisify(execFile);

/**
 * Shows the gateway's own webhook an envelope with nothing in it, as the registry would.
 *
 * @param config - where it is, and what it wants to be shown
 * @returns whether it takes notifications, and none without the secret
 */
export async function checkWebhook({ host, port, secrets }: NotificationConfig): Promise<Finding> {
  const check = "webhook";
  const at = `http://${reachable(host)}:${port}/hooks/registry`;
  try {
    const [without, by] = [await send(at, "none"), await send(at, secrets[0].reveal())];
    if (by === 403)
      return look(
        check,
        `${at} does not let this machine in`,
        "NOTIFICATION_ALLOWED has to name the registries",
      );
    if (by === 401)
      return bad(
        check,
        `${at} does not know the secret`,
        "restart the gateway after NOTIFICATION_SECRET was changed",
      );
    if (by !== 200)
      return bad(
        check,
        `${at} answers ${by}`,
        "the gateway's log says more; is something else there?",
      );
    if (without !== 401)
      return bad(check, `${at} answers ${without} without the secret`, "is something else there?");
    return good(check, `${at} takes notifications, and none without the secret`);
  } catch (error) {
    return bad(
      check,
      `${at}: ${reasonOf(error)}`,
      "does the gateway run beside this command, with the same NOTIFICATION_HOST and NOTIFICATION_PORT?",
    );
  }
}

async function send(url: string, secret: string): Promise<number> {
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${secret}`,
      "Content-Type": "application/vnd.docker.distribution.events.v2+json",
    },
    body: JSON.stringify({ events: [] }),
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
  });
  await answer.body?.cancel();
  return answer.status;
}

/** Where something listens on every address it does so on this machine's own. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

/**
 * @param urls - of the token servers
 * @returns whether each publishes its keys
 */
export async function checkTokenServers(urls: readonly string[]): Promise<readonly Finding[]> {
  return Promise.all(urls.map(checkTokenServer));
}

async function checkTokenServer(url: string): Promise<Finding> {
  const check = "token server";
  const todo = "is TOKEN_SERVER_URL right, does it run? its /ready says what it lacks";
  try {
    const answer = await fetch(`${url}/.well-known/jwks.json`, {
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    });
    const keys = ((await answer.json()) as { keys?: unknown[] }).keys?.length ?? 0;
    if (answer.status === 200 && keys > 0) return good(check, `${url} publishes its keys`);
    return bad(check, `${url} answers ${answer.status}, with ${keys} keys`, todo);
  } catch (error) {
    return bad(check, `${url}: ${reasonOf(error)}`, todo);
  }
}

/** Before it deletion of tags could not be switched off, and 3.1.0 and 3.1.1 leave names out of lists on S3. */
const FIRST_MENDED = [3, 1, 1] as const;

/**
 * @param program - the registry's program, as it runs
 * @param isOnS3 - whether its blobs are in a bucket
 * @returns its version
 */
export async function checkProgram(program: string, isOnS3: boolean): Promise<Finding> {
  const check = "registry version";
  try {
    const { stdout } = await run(program, ["--version"], { timeout: TIMEOUT_MILLISECONDS });
    const [version = ""] = /\d+\.\d+\.\d+\S*/.exec(stdout) ?? [];
    const numbers = version.split(/[.+-]/).slice(0, 3).map(Number);
    if (version === "") return look(check, `${program} does not say`, "is it the registry?");
    if (isBefore(numbers, FIRST_MENDED))
      return look(
        check,
        version,
        "move to 3.1.1 or later: holes were closed there (docs/migration-from-pierone.md)",
      );
    if (isOnS3 && numbers.join(".") === "3.1.1")
      return look(
        check,
        `${version} on S3 leaves tags out of its lists whose name goes on another's`,
        "move on when there is a later one: until then such tags are adopted when somebody reads them (docs/discovery.md)",
      );
    return good(check, version);
  } catch (error) {
    return bad(check, `${program}: ${reasonOf(error)}`, "name the registry's program");
  }
}

function isBefore(numbers: readonly number[], others: readonly number[]): boolean {
  const at = others.findIndex((number, i) => number !== numbers[i]);
  return at !== -1 && (numbers[at] ?? 0) < (others[at] ?? 0);
}
