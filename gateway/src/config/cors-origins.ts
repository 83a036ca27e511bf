import type { EnvReader } from "#service-kit/config.js";

/** Scheme, host and port, and no wildcard: an origin is one. */
const ORIGIN = /^https?:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

/**
 * @param read - environment
 * @returns origins whose pages may read answers, as browsers write them (RFC 6454 section 6.1); `*` alone: all; none: off
 */
export function readCorsOrigins(read: EnvReader): readonly string[] {
  const origins = read.list("CORS_ORIGINS", [], {
    meaning:
      "origins whose pages may read what the registry answers, with the browser's credentials; `*`: all, without " +
      "(docs/operations.md)",
    wanted: "origins such as `https://ui.example.org`, split by commas, or `*`",
    absent: "nobody's pages",
  });
  for (const origin of origins)
    if (origin === "*" ? origins.length > 1 : !isOrigin(origin))
      read.fault(
        "CORS_ORIGINS",
        `given ${JSON.stringify(origin)}, wanted origins such as https://ui.example.org, without a path, or * alone`,
      );
  return origins;
}

function isOrigin(text: string): boolean {
  return ORIGIN.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
