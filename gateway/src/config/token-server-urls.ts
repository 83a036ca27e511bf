import { urlFault, type EnvReader } from "#service-kit/config.js";

/** One at least. */
export type TokenServerUrls = readonly [string, ...string[]];

const DEFAULT = "http://127.0.0.1:8081";
const VARIABLE = "TOKEN_SERVER_URL";

/**
 * @param read - reader that collects faults
 * @returns where token servers are, without trailing slashes
 */
export function readTokenServerUrls(read: EnvReader): TokenServerUrls {
  const given = read.list(VARIABLE, [DEFAULT], {
    meaning:
      "the token server; several split by commas, or a name with several addresses: whichever takes no connection is passed over " +
      "(docs/operations.md)",
    wanted: "URLs",
    absent: `\`${DEFAULT}\``,
  });
  for (const url of given) {
    const fault = urlFault(url, "path");
    if (fault !== null) read.fault(VARIABLE, fault);
  }
  const [first = DEFAULT, ...others] = given.map((url) => url.replace(/\/+$/, ""));
  return [first, ...others];
}
