import { urlFault, type EnvReader } from "#service-kit/config.js";

/** One at least. */
export type TokenServerUrls = readonly [string, ...string[]];

const DEFAULT = "http://127.0.0.1:8081";

/**
 * @param read - reader that collects faults
 * @returns where token servers are, without trailing slashes
 */
export function readTokenServerUrls(read: EnvReader): TokenServerUrls {
  const given = read.list("TOKEN_SERVER_URL", [DEFAULT], {
    meaning:
      "the token server; several split by commas, or a name with several addresses: whichever takes no connection is passed over " +
      "(docs/operations.md)",
    wanted: "URLs",
    absent: `\`${DEFAULT}\``,
  });
  for (const url of given) {
    const fault = urlFault(url, "path");
    if (fault !== null) read.fault("TOKEN_SERVER_URL", fault);
  }
  const [first = DEFAULT, ...others] = given.map((url) => url.replace(/\/+$/, ""));
  return [first, ...others];
}
