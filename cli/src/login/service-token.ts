import { join } from "node:path";
import { z } from "zod";
import { CommandFault, UsageFault } from "../exit/faults.js";
import { readJsonFile } from "../config/private-file.js";
import type { Environment } from "../config/places.js";
import type { Login } from "./login.js";

const userSchema = z.object({ application_username: z.string(), application_password: z.string() });
const clientSchema = z.object({ client_id: z.string(), client_secret: z.string() });
const answerSchema = z.object({ access_token: z.string() });
const TIMEOUT_MILLISECONDS = 10_000;
/** What a service needs to push. */
const SCOPES = "uid application.write";

/**
 * @param env - environment variables
 * @returns whether a service's credentials are at hand
 */
export function hasServiceCredentials(env: Environment): boolean {
  return Boolean(env["OAUTH2_ACCESS_TOKEN_URL"]) && Boolean(env["CREDENTIALS_DIR"]);
}

/**
 * An access token for a service, by the password grant (RFC 6749 section 4.3), as Pier One's command line gets it.
 *
 * @param env - `OAUTH2_ACCESS_TOKEN_URL`, and `CREDENTIALS_DIR` with `user.json` and `client.json`
 * @returns the login
 * @throws UsageFault when a variable is missing; CommandFault when no token is to be had
 */
export async function serviceLogin(env: Environment): Promise<Login> {
  const url = env["OAUTH2_ACCESS_TOKEN_URL"];
  const folder = env["CREDENTIALS_DIR"];
  if (!url || !folder)
    throw new UsageFault("set OAUTH2_ACCESS_TOKEN_URL and CREDENTIALS_DIR for a service's login");
  const user = credentials(userSchema, join(folder, "user.json"));
  const client = credentials(clientSchema, join(folder, "client.json"));
  const basic = Buffer.from(`${client.client_id}:${client.client_secret}`).toString("base64");
  const answer = await fetch(url, {
    method: "POST",
    headers: { Authorization: `Basic ${basic}`, Accept: "application/json" },
    body: new URLSearchParams({
      grant_type: "password",
      username: user.application_username,
      password: user.application_password,
      scope: SCOPES,
    }),
    // Credentials go where the variable says, and nowhere else.
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
  }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : "failed";
    throw new CommandFault(`OAUTH2_ACCESS_TOKEN_URL cannot be reached: ${why}`);
  });
  if (!answer.ok)
    throw new CommandFault(`OAUTH2_ACCESS_TOKEN_URL answers ${answer.status} to the service`);
  const parsed = answerSchema.safeParse(await answer.json().catch(() => null));
  if (!parsed.success) throw new CommandFault("OAUTH2_ACCESS_TOKEN_URL gives no access_token");
  return { user: null, secret: parsed.data.access_token, origin: "OAUTH2_ACCESS_TOKEN_URL" };
}

function credentials<T>(schema: z.ZodType<T>, file: string): T {
  const parsed = schema.safeParse(readJsonFile(file));
  if (parsed.success) return parsed.data;
  const wanted = parsed.error.issues
    .map(({ path }) => path.join("."))
    .filter((path) => path !== "");
  throw new CommandFault(`${file} is missing, or has no ${wanted.join(" and ") || "JSON object"}`);
}
