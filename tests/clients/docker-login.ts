import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Target } from "./job.js";

/**
 * @param target - a gateway
 * @returns the refresh token that docker stores after `docker login`
 */
export async function dockerLogin({ url, user, password }: Target): Promise<string> {
  const query = "account=oauth2&client_id=docker&offline_token=true&service=wharfinger";
  const basic = Buffer.from(`${user}:${password}`).toString("base64");
  const answer = await fetch(`${url}/token?${query}`, {
    headers: { authorization: `Basic ${basic}` },
  });
  return ((await answer.json()) as { refresh_token: string }).refresh_token;
}

/**
 * Writes docker's store as `docker login` does, for clients that read it and have no login of their own.
 *
 * @param target - where to; a bare registry knows nobody, so that a user alone stands there
 * @param file - docker's `config.json`
 */
export async function storeDockerLogin(target: Target, file: string): Promise<void> {
  const auth = Buffer.from(`${target.user}:`).toString("base64");
  const login = target.isGateway ? { identitytoken: await dockerLogin(target) } : {};
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify({ auths: { [target.host]: { auth, ...login } } }));
}
