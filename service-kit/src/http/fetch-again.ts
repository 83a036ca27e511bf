import { changesNothing, isClosed } from "./closed-connection.js";

/**
 * `fetch` keeps connections, and whoever it asks may close one while the next request is on its way on it (RFC 9112
 * section 9.3.1). A request that changes nothing is made once more then (RFC 9110 section 9.2.2).
 *
 * @param url - absolute URL
 * @param init - method, headers, body and signal, as for `fetch`; the signal ends both attempts
 * @returns the answer
 * @throws whatever `fetch` throws
 */
export async function fetchAgain(
  url: URL | string,
  init: Parameters<typeof fetch>[1] = {},
): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (!changesNothing(init.method ?? "GET") || !isClosed((error as { cause?: unknown }).cause))
      throw error;
    return fetch(url, init);
  }
}
