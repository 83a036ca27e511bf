import type { EnvReader } from "../config.js";

/** Audience and issuer of tokens. */
export interface TokenNames {
  readonly service: string;
  readonly issuer: string;
}

/**
 * @param read - reader that collects faults
 * @returns what stands in the tokens that clients show
 */
export function readClientTokenNames(read: EnvReader): TokenNames {
  return {
    service: read.text(
      "TOKEN_SERVICE",
      "wharfinger",
      "which registry it is, the audience of its tokens (docs/registries.md)",
    ),
    issuer: read.text(
      "TOKEN_ISSUER",
      "wharfinger",
      "issuer of clients' tokens; the same in both services",
    ),
  };
}

/**
 * @param read - reader that collects faults
 * @returns what stands in the tokens that the gateway shows the registry
 */
export function readUpstreamTokenNames(read: EnvReader): TokenNames {
  return {
    service: read.text(
      "UPSTREAM_SERVICE",
      "wharfinger-upstream",
      "audience of the gateway's tokens, as in the registry's configuration (registry-config/README.md)",
    ),
    issuer: read.text(
      "UPSTREAM_ISSUER",
      "wharfinger-gateway",
      "issuer of the gateway's tokens, as in the registry's configuration",
    ),
  };
}
