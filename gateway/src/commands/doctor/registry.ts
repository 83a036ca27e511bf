import { MARKER } from "#registry-protocol/storage-marker.js";
import { fetchAgain } from "#service-kit/http/fetch-again.js";
import type { Registry } from "../../wiring/registry.js";
import { bad, good, look, reasonOf, type Finding } from "./finding.js";

const TIMEOUT_MILLISECONDS = 5_000;
const MOST_SECONDS_APART = 30;
const CHECK = "registry";

type Asked = Pick<Registry, "url" | "authorization">;

/**
 * @param registry - as the gateway asks it
 * @returns whether it answers, is closed to others, takes the gateway's keys, is of a known line, and goes by the same time
 */
export async function checkRegistry(registry: Asked): Promise<readonly Finding[]> {
  const open = await ask(registry, "/v2/", null);
  if (!(open instanceof Response))
    return [
      bad(CHECK, `${registry.url}: ${open}`, "is REGISTRY_URL right, does the registry run?"),
    ];
  if (open.headers.get("docker-distribution-api-version") !== "registry/2.0")
    return [
      bad(
        CHECK,
        `${registry.url}/v2/ answers ${open.status}, and not as a registry`,
        "is there something else at REGISTRY_URL?",
      ),
    ];
  return [
    ofOpenness(open),
    await ofKeys(registry),
    await ofVersion(registry),
    ofClock(open.headers.get("date")),
  ];
}

function ofOpenness({ status }: Response): Finding {
  if (status === 401) return good(CHECK, "it answers, and nobody without a token");
  return bad(
    CHECK,
    `it answers ${status} to whoever asks without a token: all that reach it may do anything, past the record`,
    "auth.token in its configuration: npm run registry-config (docs/closed-by-default.md)",
  );
}

async function ofKeys(registry: Asked): Promise<Finding> {
  const answer = await ask(registry, "/v2/", registry.authorization("", []));
  const status = answer instanceof Response ? answer.status : answer;
  if (status === 200) return good("keys", "the registry takes the gateway's tokens");
  return bad(
    "keys",
    `the registry answers ${status} to the gateway's token`,
    "rootcertbundle, issuer and service of its auth.token have to be the gateway's; does its clock agree? (docs/keys.md)",
  );
}

/** Lines differ in what they make of a number that is none; a version is told by nothing that a registry answers. */
async function ofVersion(registry: Asked): Promise<Finding> {
  const check = "registry version";
  const catalog = registry.authorization("", [
    { type: "registry", name: "catalog", actions: ["*"] },
  ]);
  const first = await ask(registry, "/v2/_catalog?n=-1", catalog);
  if (!(first instanceof Response)) return look(check, first, "ask again");
  if (first.status === 200)
    return look(
      check,
      "2.8: its last release is of October 2023, and what was found since is not mended",
      "move to 3.1.1 or later (docs/storage.md)",
    );
  const pull = registry.authorization("", [
    { type: "repository", name: MARKER.repository, actions: ["pull"] },
  ]);
  const second = await ask(registry, `/v2/${MARKER.repository}/tags/list?n=-1`, pull);
  if (second instanceof Response && second.status === 200)
    return look(
      check,
      "3.0: its deletion of tags cannot be switched off (CVE-2026-41888)",
      "move to 3.1.1 or later: gateways refuse deletions in any case",
    );
  return good(check, "3.1 or later; --registry-program FILE tells which");
}

function ofClock(date: string | null): Finding {
  const there = Date.parse(date ?? "");
  if (Number.isNaN(there))
    return look("registry clock", "the answer has no Date", "ask it directly");
  const seconds = Math.round((there - Date.now()) / 1000);
  const found = `${Math.abs(seconds)} s ${seconds < 0 ? "behind" : "ahead of"} this machine's`;
  return Math.abs(seconds) <= MOST_SECONDS_APART
    ? good("registry clock", found)
    : bad("registry clock", found, "let both follow NTP: tokens are good by the clock alone");
}

/** @returns the answer, or why there is none */
async function ask(
  { url }: Pick<Asked, "url">,
  path: string,
  authorization: string | null,
): Promise<Response | string> {
  try {
    const answer = await fetchAgain(`${url}${path}`, {
      headers: authorization === null ? {} : { Authorization: authorization },
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
      redirect: "manual",
    });
    await answer.body?.cancel();
    return answer;
  } catch (error) {
    return reasonOf(error);
  }
}
