import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FlattenedJWSInput,
  type JWTVerifyGetKey,
} from "jose";
import { z } from "zod";
import type { FetchJson } from "#service-kit/http/fetch-json.js";
import type { Logger } from "#service-kit/log.js";
import { followFile } from "../followed-file.js";
import { askedService, unavailable, type AskService } from "../safeguards/asked-service.js";
import { discovery } from "./discovery.js";
import type { Issuer } from "./issuer-schema.js";
import { claimedIssueTime } from "./jwt-form.js";

/** How often the issuer is asked for its keys. */
export interface KeyTimes {
  /** A key that the issuer took back stops within this. */
  readonly maxAgeMilliseconds: number;
  /** Tokens with unknown keys, which anybody can send, cause one question in this time. */
  readonly cooldownMilliseconds: number;
  readonly timeoutMilliseconds: number;
}

export interface IssuerKeysDeps {
  readonly times: KeyTimes;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Absent: issuers are asked directly. */
  readonly fetchJson?: FetchJson | undefined;
}

const MAX_KEYS = 100;
/** Clocks differ, and issuers' keys come through caches. */
const SKEW_SECONDS = 60;
const keySetSchema = z.object({
  // None at all is an issuer that is being set up: no verdict on anybody's token.
  keys: z
    .array(z.looseObject({ kty: z.string() }))
    .min(1)
    .max(MAX_KEYS),
});

/**
 * @param issuer - whose keys
 * @param deps - times, clock, log, how issuers are asked
 * @returns the key that a token was signed with, for jose
 * @throws Fault UNAVAILABLE when the issuer does not answer, or not with keys
 */
export function issuerKeys(issuer: Issuer, deps: IssuerKeysDeps): JWTVerifyGetKey {
  if (issuer.keysFile !== undefined) return keysOfFile(issuer.keysFile, issuer.issuer, deps);
  const name = `the OIDC issuer ${issuer.issuer}`;
  const { now, fetchJson, times } = deps;
  const { timeoutMilliseconds } = times;
  const ask = askedService({ name, timeoutMilliseconds, asksTheSame: true, now, fetchJson });
  const { keysUrl } = issuer;
  const location =
    keysUrl === undefined ? discovery(issuer, { ...deps, ask }) : () => Promise.resolve(keysUrl);
  let keys: { url: string; find: JWTVerifyGetKey } | null = null;
  return async (header, token) => {
    const url = await location();
    if (keys?.url !== url) keys = { url, find: remoteKeys(new URL(url), deps, { ask, name }) };
    return keys.find(header, token);
  };
}

/** jose keeps the keys, fetches them anew when they are old or one is unknown, and once at a time. */
function remoteKeys(
  url: URL,
  { times, now }: IssuerKeysDeps,
  { ask, name }: { ask: AskService; name: string },
): JWTVerifyGetKey {
  let fetches = 0;
  let fetchedAt = 0;
  const find = createRemoteJWKSet(url, {
    cacheMaxAge: times.maxAgeMilliseconds,
    cooldownDuration: times.cooldownMilliseconds,
    timeoutDuration: times.timeoutMilliseconds,
    [customFetch]: async () => {
      const { body } = await ask(url, { headers: { Accept: "application/json" } });
      const keySet = keySetSchema.safeParse(body);
      if (!keySet.success)
        throw unavailable(name, new Error(`${url.href} answered no usable keys`));
      fetches += 1;
      fetchedAt = now() / 1000;
      return Response.json(keySet.data);
    },
  });
  return async (header, token) => {
    // What it was fetched by was ahead: as long as that, it would neither be old nor be asked for a key that is unknown.
    if (now() / 1000 < fetchedAt) await find.reload().catch(() => undefined);
    const before = fetches;
    try {
      return await find(header, token);
    } catch (error) {
      const isUnknown = error instanceof errors.JWKSNoMatchingKey;
      if (isUnknown && fetches === before && isYounger(token, fetchedAt))
        throw unavailable(name, new Error("the token is younger than the keys that are known"));
      throw error;
    }
  };
}

/** A token made after the keys were fetched may have a key that was not there yet: that is no verdict. */
function isYounger({ payload }: FlattenedJWSInput, fetchedAt: number): boolean {
  const issuedAt = typeof payload === "string" ? claimedIssueTime(payload) : null;
  return issuedAt === null || issuedAt > fetchedAt - SKEW_SECONDS;
}

function keysOfFile(path: string, issuer: string, { log, now }: IssuerKeysDeps): JWTVerifyGetKey {
  const file = followFile(path, {
    parse: (text) => createLocalJWKSet(keySetSchema.parse(JSON.parse(text))),
    onChange: () => {
      log.info({ event: "oidc.keys-reloaded", issuer, path });
    },
    onRefused: (reason) => {
      log.error({ event: "oidc.keys-refused", issuer, path, reason });
    },
    now,
  });
  return (header, token) => file.current()(header, token);
}
