import { z } from "zod";
import { ask, type Answer } from "#tests/support/http-client.js";
import type { Target } from "../job.js";
import type { Profile, TokenWay } from "./profile.js";

/** A request of a client, without what it says of itself. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** What a client stops at; its text is what its user reads. */
export class ClientError extends Error {
  override readonly name = "ClientError";
}

const errorsSchema = z.object({
  errors: z.tuple([z.object({ code: z.string(), message: z.string() })]).rest(z.unknown()),
});

/**
 * @param status - of an answer that the client stops at
 * @param text - its body
 * @returns what stops it, in the words of the registry's first error
 */
export function refusedWith(status: number, text: string): ClientError {
  const { success, data } = errorsSchema.safeParse(jsonOrNull(text));
  if (!success) return new ClientError(`${status} ${text}`);
  const [{ code, message }] = data.errors;
  return new ClientError(`${status} ${code}: ${message}`);
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A client and a registry. */
export interface Conversation {
  /** Sends a request; on a challenge it gets a token as this client does, and sends it once more. */
  send(asked: Asked): Promise<Answer>;
  /** Sends the request by which this client learns the challenge, where it has one. */
  probe(repository: string): Promise<void>;
}

/**
 * @param target - the registry
 * @param profile - the client
 * @param stored - what `docker login` stored; `null` where nobody logs in
 * @returns the conversation, in which a token is kept as long as it is taken
 */
export function conversation(
  target: Target,
  profile: Profile,
  stored: string | null,
): Conversation {
  let bearer: string | null = null;
  const once = ({ method, path, headers, body }: Asked) =>
    ask(target.url, path, {
      method,
      headers: {
        ...profile.headers,
        ...headers,
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(body === undefined ? {} : { body }),
    });
  const send = async (asked: Asked) => {
    const first = await once(asked);
    const challenge = challengeOf(first);
    if (challenge === null || stored === null) return first;
    bearer = await token(target, profile, stored, challenge);
    return once(asked);
  };
  return {
    send,
    probe: async (repository) => {
      const { probe } = profile;
      if (probe !== null) await send({ method: probe.method, path: probe.path(repository) });
    },
  };
}

/** What a challenge says. */
type Challenge = Readonly<Record<"realm" | "service" | "scope", string>>;

function challengeOf({ status, headers }: Answer): Challenge | null {
  if (status !== 401) return null;
  const text = headers["www-authenticate"] ?? "";
  const of = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(text)?.[1] ?? "";
  return { realm: of("realm"), service: of("service"), scope: of("scope") };
}

async function token(
  target: Target,
  profile: Profile,
  stored: string,
  challenge: Challenge,
): Promise<string> {
  let last = new ClientError("it has no way to get a token");
  for (const way of profile.tokenWays) {
    const answer = await WAYS[way](target, profile, stored, challenge);
    const text = answer.body.toString();
    if (answer.status === 200) return (JSON.parse(text) as { token: string }).token;
    last = refusedWith(answer.status, text);
  }
  throw last;
}

type Way = (
  target: Target,
  profile: Profile,
  stored: string,
  challenge: Challenge,
) => Promise<Answer>;

const WAYS: Readonly<Record<TokenWay, Way>> = {
  "refresh token": (target, profile, stored, challenge) =>
    post(target, profile, challenge, { grant_type: "refresh_token", refresh_token: stored }),
  "password grant": (target, profile, stored, challenge) =>
    post(target, profile, challenge, {
      ...{ username: profile.user, password: stored, grant_type: "password" },
    }),
  basic: (target, profile, stored, { service, scope }) => {
    const query = new URLSearchParams({ service, ...(scope === "" ? {} : { scope }) });
    const basic = Buffer.from(`${profile.user}:${stored}`).toString("base64");
    return ask(target.url, `/token?${query.toString()}`, {
      headers: { ...profile.headers, authorization: `Basic ${basic}` },
    });
  },
};

function post(
  target: Target,
  { headers, form, clientId }: Profile,
  { service, scope }: Challenge,
  fields: Record<string, string>,
): Promise<Answer> {
  const all: Record<string, string> = {
    ...{ service, ...(scope === "" ? {} : { scope }) },
    ...(clientId === null ? {} : { client_id: clientId }),
    ...fields,
  };
  const pairs = form.order.flatMap((name): [string, string][] => {
    const value = all[name];
    return value === undefined ? [] : [[name, value]];
  });
  return ask(target.url, "/token", {
    method: "POST",
    headers: { ...headers, "content-type": form.type },
    body: form.encodes
      ? new URLSearchParams(pairs).toString()
      : pairs.map((pair) => pair.join("=")).join("&"),
  });
}
