import { LRUCache } from "lru-cache";
import { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";
import { fetchJson, ServiceUnreachable } from "#service-kit/http/fetch-json.js";
import type { Login } from "../identity/identity-source.js";

/** Finds the teams of an identity. */
export interface TeamLookup {
  /**
   * @returns names of the identity's teams
   * @throws Fault UNAVAILABLE when they cannot be known at the moment
   */
  teamsOf(login: Login): Promise<readonly string[]>;
}

const TIMEOUT_MILLISECONDS = 5_000;
const CACHE_MILLISECONDS = 5 * 60 * 1000;
const CACHE_ENTRIES = 10_000;

const teamsSchema = z.array(z.object({ name: z.string().min(1) }));

/**
 * Team memberships from the company's team service, as Pier One asks it: with the caller's own token,
 * `GET <url>/api/accounts/aws?member=<uid>`.
 *
 * @param teamServiceUrl - URL of that service
 * @returns a lookup that remembers an answer for five minutes, under realm and uid, because the same
 *   uid may be another person in another realm
 */
export function teamService(teamServiceUrl: string): TeamLookup {
  const cache = new LRUCache<string, readonly string[]>({
    max: CACHE_ENTRIES,
    ttl: CACHE_MILLISECONDS,
  });
  return {
    teamsOf: async (login) => {
      const key = JSON.stringify([login.identity.realm, login.identity.uid]);
      const known = cache.get(key);
      if (known !== undefined) return known;
      const teams = await askTeamService(teamServiceUrl, login);
      cache.set(key, teams);
      return teams;
    },
  };
}

/** For installations without a team service: nobody is in a team. */
export const noTeams: TeamLookup = { teamsOf: () => Promise.resolve([]) };

async function askTeamService(teamServiceUrl: string, login: Login): Promise<readonly string[]> {
  if (login.accessToken === null) return [];
  const url = new URL(`${teamServiceUrl}/api/accounts/aws`);
  url.searchParams.set("member", login.identity.uid);
  const headers = { Authorization: `Bearer ${login.accessToken.reveal()}` };
  const reply = await fetchJson(url, { headers }, TIMEOUT_MILLISECONDS).catch((error: unknown) => {
    throw error instanceof ServiceUnreachable ? unavailable(error) : error;
  });
  const teams = teamsSchema.safeParse(reply.body);
  if (reply.status === 404) return [];
  if (reply.status !== 200 || !teams.success)
    throw unavailable(new Error(`the team service answered ${reply.status}`));
  return teams.data.map(({ name }) => name);
}

function unavailable(cause: Error): Fault {
  return new Fault("UNAVAILABLE", {
    message: "the team service is unavailable, so nobody can push for the moment; try again",
    cause,
  });
}
