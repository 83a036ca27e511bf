import { LRUCache } from "lru-cache";
import type { Access } from "#registry-protocol/scope.js";
import type { KeyRing } from "#service-kit/signing/key-ring.js";
import { signRegistryToken } from "#service-kit/signing/sign-token.js";

/** Makes the `Authorization` header for one request to the registry. */
export type UpstreamAuthorization = (subject: string, access: readonly Access[]) => string;

/** Long enough for the slowest upload to be authorised once at its start, with both clocks off. */
const LIFETIME_SECONDS = 300;
/** Who pulls an image asks for the same again and again: so long a token is used for it. */
const REUSED_MILLISECONDS = 30_000;
const MOST_REUSED = 1_000;

/**
 * The registry never sees a client's token: each request goes on with a token of the gateway's own that
 * grants just what this request needs, with the real subject in it. So a request that the registry reads otherwise
 * than the gateway did is refused there, and nobody gets past the ledger with a token of their own.
 *
 * @param deps - key, names and clock
 * @returns the maker of headers
 */
export function upstreamAuthorization(deps: {
  readonly keys: Pick<KeyRing, "active">;
  readonly issuer: string;
  readonly service: string;
  readonly now: () => number;
  readonly newTokenId: () => string;
}): UpstreamAuthorization {
  const reused = new LRUCache<string, { key: unknown; madeAt: number; header: string }>({
    max: MOST_REUSED,
  });
  return (subject, access) => {
    const key = deps.keys.active();
    const name = JSON.stringify([subject, access]);
    const made = reused.get(name);
    const age = deps.now() - (made?.madeAt ?? -Infinity);
    if (made?.key === key && age >= 0 && age < REUSED_MILLISECONDS) return made.header;
    const token = signRegistryToken(key, {
      issuer: deps.issuer,
      audience: deps.service,
      subject,
      access,
      tokenId: deps.newTokenId(),
      issuedAt: Math.floor(deps.now() / 1000),
      lifetimeSeconds: LIFETIME_SECONDS,
    });
    const header = `Bearer ${token}`;
    reused.set(name, { key, madeAt: deps.now(), header });
    return header;
  };
}
