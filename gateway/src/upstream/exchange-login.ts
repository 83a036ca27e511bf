import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import type { CallerStatement } from "./caller-statement.js";
import { ownHeaders } from "./made-request.js";
import { wholeRequests, type Ask, type WholeAnswer } from "./whole-request.js";

/** What somebody shows who has no registry token. */
export interface ShownLogin {
  /** `Authorization` header, Basic; `null`: nobody in particular. */
  readonly authorization: string | null;
  /** What the token is to be good for. */
  readonly scope: string;
  readonly address: string;
  readonly requestId: string;
  readonly userAgent: string;
}

/**
 * @returns an `Authorization` header with a registry token for whoever logs in so
 * @throws Fault UNAUTHORIZED, TOO_MANY_REQUESTS, or UNAVAILABLE when the token server does not decide
 */
export type ExchangeLogin = (shown: ShownLogin) => Promise<string>;

/** What asking the token server in somebody's name needs. */
export interface ExchangeDeps {
  /** URLs of token servers that do the same; one at least. */
  readonly urls: readonly string[];
  /** The only service that they issue tokens for. */
  readonly service: string;
  readonly callerStatement: CallerStatement;
}

const PATH = "/token";
const MILLISECONDS = 15_000;
/** A client asks several things in a row; what it shows may have been withdrawn since. */
const REMEMBERED = { max: 10_000, ttl: 60_000 };
/** RFC 6749 section 5.1, and what a client has to assume without it (distribution, "Token Authentication"). */
const answerSchema = z.object({ token: z.string(), expires_in: z.number().min(0).default(60) });

/**
 * Gets for who shows a password, an access token or nothing the token that a registry client would get for the same. It is
 * remembered for a minute and half of its time at most, for the address that it was asked from; refusals are not. Of those who show the same at the
 * same time one asks.
 *
 * @param deps - where tokens are issued
 * @returns the exchange
 */
export function loginExchange({ urls, service, callerStatement }: ExchangeDeps): ExchangeLogin {
  const servers = urls.map(wholeRequests);
  const known = new LRUCache<string, Promise<Issued>>(REMEMBERED);
  const ask = async (shown: ShownLogin): Promise<Issued> => {
    const query = new URLSearchParams({ service, scope: shown.scope });
    const { address, requestId } = shown;
    const asked = {
      ...({
        method: "GET",
        target: `${PATH}?${query.toString()}`,
        milliseconds: MILLISECONDS,
      } as const),
      headers: {
        Accept: "application/json",
        ...(shown.userAgent === "" ? {} : { "User-Agent": shown.userAgent }),
        ...ownHeaders({
          ...{ clientAddress: address, requestId },
          authorization: shown.authorization ?? undefined,
        }),
      },
    };
    const answer = await firstOf(servers, (send) =>
      send({
        ...asked,
        // Each statement is good for one request.
        headers: {
          ...asked.headers,
          ...callerStatement({ address, requestId }, { method: "GET", path: PATH }),
        },
      }),
    );
    return issuedIn(answer);
  };
  return async (shown) => {
    const key = keyOf(shown);
    const asked = known.get(key) ?? ask(shown);
    if (known.peek(key) !== asked) {
      known.set(key, asked);
      asked.then(
        ({ milliseconds }) => {
          // One that is about to end would be refused in the middle of what it was got for.
          const ttl = Math.max(1, Math.min(REMEMBERED.ttl, milliseconds / 2));
          if (known.peek(key) === asked) known.set(key, asked, { ttl });
        },
        () => {
          if (known.peek(key) === asked) known.delete(key);
        },
      );
    }
    return (await asked).authorization;
  };
}

interface Issued {
  /** The header with the token. */
  readonly authorization: string;
  /** How long it is good for. */
  readonly milliseconds: number;
}

/** Neither a password nor a token stays in memory for it. */
function keyOf({ authorization, scope, address }: ShownLogin): string {
  return hash("sha256", JSON.stringify([authorization, scope, address]), "base64");
}

async function firstOf(
  servers: readonly Ask[],
  ask: (send: Ask) => Promise<WholeAnswer>,
): Promise<WholeAnswer> {
  let failure: unknown;
  for (const send of servers)
    try {
      return await ask(send);
    } catch (error) {
      failure = error;
    }
  throw undecided(failure);
}

function issuedIn({ status, headers, body }: WholeAnswer): Issued {
  const answer = jsonOrNull(body.toString());
  if (status === 200) {
    const issued = answerSchema.safeParse(answer);
    if (issued.success) {
      const { token, expires_in: seconds } = issued.data;
      return { authorization: `Bearer ${token}`, milliseconds: seconds * 1_000 };
    }
  }
  // What is of no form that a login can have is none.
  if ([400, 401, 413, 431].includes(status))
    throw new Fault("UNAUTHORIZED", { message: reasonIn(answer) });
  if (status === 429) {
    const after = headers.get("retry-after");
    throw new Fault("TOO_MANY_REQUESTS", {
      message: reasonIn(answer),
      ...(after === null ? {} : { headers: { "Retry-After": after } }),
    });
  }
  throw undecided(new Error(`the token server answered ${status}`));
}

const errorSchema = z.object({ errors: z.tuple([z.object({ message: z.string() })]) });

function reasonIn(answer: unknown): string {
  const said = errorSchema.safeParse(answer);
  return said.success ? said.data.errors[0].message : "authentication required";
}

function undecided(cause: unknown): Fault {
  return new Fault("UNAVAILABLE", {
    message: "the token server is unavailable for the moment, try again",
    cause,
  });
}
