import { z } from "zod";
import { isTrustworthyUrl } from "#service-kit/http/trustworthy-url.js";
import { isWithin } from "#service-kit/is-within.js";
import type { Logger } from "#service-kit/log.js";
import { unavailable, type AskService } from "../safeguards/asked-service.js";
import { singleFlight } from "../safeguards/single-flight.js";
import type { Issuer } from "./issuer-schema.js";

const REMEMBERED_MILLISECONDS = 60 * 60 * 1000;

const documentSchema = z.object({ issuer: z.string(), jwks_uri: z.url() });

export interface DiscoveryDeps {
  /** Fails for every answer but 200 (`asksTheSame`). */
  readonly ask: AskService;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

/**
 * Where an issuer publishes its keys (OpenID Connect Discovery 1.0, section 4).
 *
 * @param issuer - which issuer
 * @param deps - how to ask, clock, log
 * @returns a function that gives the URL, asked for once an hour; while the issuer does not answer,
 *   the last one holds, since the keys themselves are fetched far more often
 * @throws Fault UNAVAILABLE when it never gave a document about itself
 */
export function discovery(issuer: Issuer, { ask, now, log }: DiscoveryDeps): () => Promise<string> {
  const flight = singleFlight<string>();
  let known: { url: string; since: number } | null = null;
  const refresh = async () => {
    const url = await keysLocation(issuer, ask);
    known = { url, since: now() };
    return url;
  };
  return async () => {
    if (known !== null && isWithin({ since: known.since, now: now() }, REMEMBERED_MILLISECONDS))
      return known.url;
    try {
      return await flight("", refresh);
    } catch (error) {
      log.warn({ event: "oidc.discovery-failed", issuer: issuer.issuer, err: error });
      if (known === null) throw error;
      return known.url;
    }
  };
}

async function keysLocation({ issuer, allowHttp }: Issuer, ask: AskService): Promise<string> {
  const refuse = (reason: string) => unavailable(`the OIDC issuer ${issuer}`, new Error(reason));
  const { body } = await ask(
    new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`),
  );
  const document = documentSchema.safeParse(body);
  if (!document.success) throw refuse("discovery answered no usable document");
  // Section 4.3: otherwise one issuer could answer for another.
  if (document.data.issuer !== issuer)
    throw refuse(`its discovery document is of another issuer: ${document.data.issuer}`);
  const { protocol } = new URL(document.data.jwks_uri);
  const isDowngrade = protocol !== "https:" && !allowHttp && issuer.startsWith("https:");
  if (isDowngrade || !isTrustworthyUrl(document.data.jwks_uri, allowHttp))
    throw refuse(`its keys are not at an https URL: ${document.data.jwks_uri}`);
  return document.data.jwks_uri;
}
