import { ANY_MANIFEST } from "#registry-protocol/any-manifest.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, type Answer } from "#tests/support/http-client.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { pushSmall } from "#tests/support/small-images.js";
import type { TokenAuthority } from "#tests/support/token-authority.js";
import type { MovedRegistry } from "./moved-registry.js";

/**
 * @param ledger - where it hears, too
 * @param authority - whose tokens it takes
 * @param registry - whose storage it watches
 * @returns a gateway that deletes
 */
export function startWatching(
  ledger: StartedLedger,
  authority: TokenAuthority,
  registry: MovedRegistry,
): Promise<TestGateway> {
  return startGateway({
    registryUrl: registry.url,
    tokenServerUrl: authority.server.url,
    hears: ledger.config,
    watchesStorage: true,
    allowDelete: true,
  });
}

/** @returns the answer to a push of a small image; where its upload is refused already, that */
export async function pushTo(
  { url }: Pick<TestGateway, "url">,
  authority: TokenAuthority,
  tag: string,
) {
  const bearer = await authority.bearer(["pull", "push"]);
  return pushSmall({ url, name: "alpha/app", bearer }, tag).catch(async () => {
    // The upload was refused: so is whatever comes.
    const headers = { Authorization: bearer };
    return ask(url, "/v2/alpha/app/blobs/uploads/", { method: "POST", headers });
  });
}

/** @returns the answer to a GET of what {@link pushTo} has pushed */
export async function pullFrom(
  { url }: Pick<TestGateway, "url">,
  authority: TokenAuthority,
  tag: string,
): Promise<Answer> {
  const headers = { Authorization: await authority.bearer(["pull"]), Accept: ANY_MANIFEST };
  return ask(url, `/v2/alpha/app/manifests/${tag}`, { headers });
}

/** @returns whether a gateway says that it is */
export async function isReady({ url }: Pick<TestGateway, "url">): Promise<boolean> {
  return (await ask(url, "/ready")).status === 200;
}
