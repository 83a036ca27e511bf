import { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";
import { fetchJson, ServiceUnreachable, type JsonReply } from "#service-kit/http/fetch-json.js";
import type { IdentitySource } from "./identity-source.js";

const TIMEOUT_MILLISECONDS = 5_000;

/** Some providers give scopes as a list, RFC 7662 as one string with spaces. */
const tokeninfoSchema = z.object({
  uid: z.string().min(1).max(255),
  realm: z.string().default(""),
  scope: z
    .union([z.array(z.string()), z.string().transform((text) => text.split(" "))])
    .default([]),
});

/**
 * Logins `oauth2:<access token>`, verified by the company's token information service
 * (`GET <url>?access_token=…`, as Pier One calls it).
 *
 * @param tokeninfoUrl - URL of that service
 * @returns the identity source
 */
export function tokeninfoSource(tokeninfoUrl: string): IdentitySource {
  return {
    name: "oauth2",
    accepts: ({ username }) => username === "oauth2",
    verify: async ({ password }) => {
      const url = new URL(tokeninfoUrl);
      url.searchParams.set("access_token", password.reveal());
      const reply = await ask(url);
      const info = tokeninfoSchema.safeParse(reply.body);
      if (reply.status !== 200)
        throw new Fault("UNAUTHORIZED", { message: "the OAuth token is not valid or has expired" });
      if (!info.success)
        throw new Fault("UNAVAILABLE", {
          message: "the token information service gave an answer that cannot be understood",
        });
      const { uid, realm, scope } = info.data;
      return {
        identity: { uid, realm, scopes: scope, kind: "oauth2", claims: {}, limits: null },
        teams: null,
        validUntil: null,
        accessToken: password,
      };
    },
  };
}

async function ask(url: URL): Promise<JsonReply> {
  try {
    return await fetchJson(url, {}, TIMEOUT_MILLISECONDS);
  } catch (error) {
    if (!(error instanceof ServiceUnreachable)) throw error;
    throw new Fault("UNAVAILABLE", {
      message: "the token information service is unavailable, try again",
      cause: error,
    });
  }
}
