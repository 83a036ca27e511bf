import { Fault } from "#registry-protocol/faults.js";
import { Secret } from "#service-kit/secret.js";
import type { Credentials, Login } from "#token-server/identity/identity-source.js";

/** @returns user name and password as the token endpoint hands them on */
export function credentials(username: string, password: string): Credentials {
  return { username, password: new Secret(password) };
}

/**
 * @param attempt - a login that should fail
 * @returns `CODE: message` of the fault, or what happened instead
 */
export async function faultOf(attempt: Promise<unknown>): Promise<string> {
  try {
    return `no fault, but ${JSON.stringify(await attempt)}`;
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${error.message}`;
    return `no fault, but ${String(error)}`;
  }
}

/** @returns realm and uid of a login as one text */
export function whoIs({ identity }: Pick<Login, "identity">): string {
  return `${identity.realm}/${identity.uid}`;
}
