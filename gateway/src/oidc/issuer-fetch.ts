import type { CustomFetchOptions } from "oauth4webapi";
import type { FetchJson } from "#service-kit/http/fetch-json.js";

/** Shorter than a claim on a session's renewal (`gateway/src/sessions/renewal-sql.ts`). */
const MILLISECONDS = 10_000;

/** What oauth4webapi asks an issuer by. */
export type IssuerFetch = (
  url: string,
  options: CustomFetchOptions<"GET" | "POST", URLSearchParams | undefined>,
) => Promise<Response>;

/**
 * @param fetchJson - asks services that are elsewhere: by proxies, within bounds of time and size, without redirects
 * @returns the same in the form of `fetch`
 */
export function issuerFetch(fetchJson: FetchJson): IssuerFetch {
  return async (url, { method, headers, body }) => {
    const text = body instanceof URLSearchParams ? { body: body.toString() } : {};
    const answer = await fetchJson(new URL(url), { method, headers, ...text }, MILLISECONDS);
    return Response.json(answer.body, { status: answer.status });
  };
}
