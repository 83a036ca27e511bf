import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Identity } from "#access-policy/identity.js";
import { isUnavailable } from "#registry-protocol/faults.js";
import { isWithin } from "#service-kit/is-within.js";
import type { FetchJson } from "#service-kit/http/fetch-json.js";
import type { Login } from "../identity/identity-source.js";
import {
  askedService,
  unavailable,
  type AskService,
} from "../identity/safeguards/asked-service.js";
import { singleFlight } from "../identity/safeguards/single-flight.js";
import type { TeamLookup } from "./team-lookup.js";

export type { TeamLookup } from "./team-lookup.js";

/** An answer that was used although it was too old, because no fresh one could be had. */
export interface StaleAnswer {
  readonly uid: string;
  readonly realm: string;
  readonly ageSeconds: number;
}

export interface TeamServiceOptions {
  /** How old the last known answer may be while the service does not answer; 0 uses none. */
  readonly staleSeconds: number;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  /** For log and metrics. */
  readonly onStale: (answer: StaleAnswer) => void;
  /** Absent: the service is asked directly. */
  readonly fetchJson?: FetchJson;
}

interface Known {
  readonly teams: readonly string[];
  readonly at: number;
}

type TeamAnswer = readonly string[] | "token refused";

const NAME = "the team service";
const TIMEOUT_MILLISECONDS = 5_000;
const FRESH_MILLISECONDS = 5 * 60 * 1000;
const CACHE_ENTRIES = 10_000;
const DEFAULTS: TeamServiceOptions = {
  staleSeconds: 0,
  now: Date.now,
  onStale: () => undefined,
};

const teamsSchema = z.array(z.object({ name: z.string().min(1) }));

/**
 * Team memberships from the company's team service, as Pier One asks it: with the caller's own token,
 * `GET <url>/api/accounts/aws?member=<uid>`.
 *
 * @param teamServiceUrl - URL of that service
 * @param options - what to do while it is down
 * @returns a lookup that remembers an answer for five minutes, under realm and uid, because the same
 *   uid may be another person in another realm
 */
export function teamService(
  teamServiceUrl: string,
  { staleSeconds, now, onStale, fetchJson }: TeamServiceOptions = DEFAULTS,
): TeamLookup {
  const ask = askedService({
    name: NAME,
    timeoutMilliseconds: TIMEOUT_MILLISECONDS,
    now,
    fetchJson,
  });
  const cache = new LRUCache<string, Known>({ max: CACHE_ENTRIES });
  const flight = singleFlight<TeamAnswer>();

  const lookUp = async (key: string, login: Login) => {
    const teams = await askTeamService(ask, teamServiceUrl, login);
    if (teams !== "token refused") cache.set(key, { teams, at: now() });
    return teams;
  };
  const useStale = (known: Known | undefined, { uid, realm }: Identity) => {
    const elapsed = { since: known?.at ?? Infinity, now: now() };
    if (known === undefined || !isWithin(elapsed, staleSeconds * 1000)) return null;
    onStale({ uid, realm, ageSeconds: Math.round((elapsed.now - elapsed.since) / 1000) });
    return known.teams;
  };
  return {
    teamsOf: async (login) => {
      if (login.accessToken === null) return [];
      const { identity } = login;
      const key = JSON.stringify([identity.kind, identity.realm, identity.uid]);
      const known = cache.get(key);
      if (known !== undefined && isWithin({ since: known.at, now: now() }, FRESH_MILLISECONDS))
        return known.teams;
      const teams = await flight(key, () => lookUp(key, login)).catch((error: unknown) => {
        const stale = isUnavailable(error) ? useStale(known, identity) : null;
        if (stale === null) throw error;
        return stale;
      });
      if (teams === "token refused")
        throw unavailable(NAME, new Error("it refused a token that the token service calls valid"));
      return teams;
    },
  };
}

async function askTeamService(
  ask: AskService,
  teamServiceUrl: string,
  { identity, accessToken }: Login,
): Promise<TeamAnswer> {
  const url = new URL(`${teamServiceUrl}/api/accounts/aws`);
  url.searchParams.set("member", identity.uid);
  const { status, body } = await ask(url, {
    headers: { Authorization: `Bearer ${accessToken?.reveal() ?? ""}` },
  });
  // A verdict on the token, none on memberships, and no outage during which older answers would do.
  if (status === 401) return "token refused";
  const teams = teamsSchema.safeParse(body);
  if (status !== 200 || !teams.success)
    throw unavailable(
      NAME,
      new Error(`it answered ${status} with a body that is no list of teams`),
    );
  return teams.data.map(({ name }) => name);
}
