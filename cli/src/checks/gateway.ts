import { z } from "zod";
import type { Client } from "../api/client.js";
import { CommandFault } from "../exit/faults.js";
import { bad, good, look, type Finding } from "./finding.js";

const readySchema = z.object({
  ready: z.boolean(),
  checks: z.record(z.string(), z.string()),
  reasons: z.record(z.string(), z.string()).default({}),
  warnings: z.array(z.unknown()).default([]),
});
/** Tokens take less than this. */
const MOST_SECONDS_APART = 30;

/**
 * @param client - registry, without a login
 * @returns whether it answers as a registry, sends clients to the right place, and by the same clock
 */
export async function checkRegistry(client: Client): Promise<readonly Finding[]> {
  const before = Date.now();
  const answer = await client
    .ask("/v2/", { also: [401] })
    .catch((error: unknown) => messageOf(error));
  if (typeof answer === "string")
    return [bad("answers", answer, "is the URL right, does the gateway run?")];
  const version = answer.headers.get("docker-distribution-api-version");
  const isRegistry = version === "registry/2.0";
  return [
    isRegistry
      ? good("answers", `/v2/ answers ${answer.status}`)
      : bad(
          "registry",
          `/v2/ answers ${answer.status}, and not as a registry`,
          "is there something else at that URL?",
        ),
    checkRealm(client, answer),
    checkClock(answer, before),
  ];
}

/**
 * @param client - registry, without a login
 * @returns whether a push would work, part by part
 */
export async function checkReady(client: Client): Promise<readonly Finding[]> {
  const answer = await client.ask("/ready", { also: [503] }).catch(() => null);
  const parsed = readySchema.safeParse(await answer?.json().catch(() => null));
  if (!parsed.success)
    return [
      look(
        "ready",
        "/ready does not say",
        "it may be kept from the public; ask it beside the gateway",
      ),
    ];
  const { checks, reasons, warnings } = parsed.data;
  return [
    ...Object.entries(checks).map(([name, state]) =>
      state === "ok"
        ? good(name, "ok")
        : bad(
            name,
            reasons[name] ?? state,
            "the gateway's log says more (ready.lost); docs/operations.md",
          ),
    ),
    ...warnings.map((warning) =>
      look(
        "warning",
        typeof warning === "string" ? warning : JSON.stringify(warning),
        "docs/operations.md",
      ),
    ),
  ];
}

function checkRealm(client: Client, answer: Response): Finding {
  const realm = /realm="([^"]*)"/.exec(answer.headers.get("www-authenticate") ?? "")?.[1];
  if (realm === undefined)
    return answer.status === 200
      ? good("realm", "anybody may read")
      : bad(
          "realm",
          "the challenge names no realm",
          "a proxy may have taken WWW-Authenticate away",
        );
  if (!URL.canParse(realm))
    return bad("realm", `${realm} is no URL`, "set PUBLIC_URL at the gateway");
  const { origin } = new URL(realm);
  if (origin === new URL(client.url).origin) return good("realm", realm);
  return bad(
    "realm",
    `clients that ask ${client.url} are sent to ${origin}`,
    "set PUBLIC_URL at the gateway, or TRUSTED_PROXIES so that it believes X-Forwarded-Proto (docs/proxies.md)",
  );
}

function checkClock(answer: Response, before: number): Finding {
  const there = Date.parse(answer.headers.get("date") ?? "");
  if (Number.isNaN(there))
    return look("clock", "the answer has no Date", "a proxy may have taken it away");
  const here = (before + Date.now()) / 2;
  const apart = Math.round(Math.abs(there - here) / 1000);
  if (apart <= MOST_SECONDS_APART) return good("clock", `${apart} s apart from this machine's`);
  return bad(
    "clock",
    `${apart} s ${there > here ? "ahead of" : "behind"} this machine's`,
    "let both follow NTP",
  );
}

function messageOf(error: unknown): string {
  if (error instanceof CommandFault) return error.message;
  return error instanceof Error ? error.message : "failed";
}
