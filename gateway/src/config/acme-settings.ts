import { isIP } from "node:net";
import { urlFault, type EnvReader } from "#service-kit/config.js";
import { CHALLENGES, type AcmeSettings } from "../acme/settings.js";

const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";
/** A whole host name: neither of the challenges proves a wildcard (RFC 8555 section 7.1.3). */
const NAME =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const EMAIL = /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/;

/**
 * @param read - reader that collects faults
 * @returns for which names a certificate is got, and from whom; `null`: for none
 */
export function readAcme(read: EnvReader): AcmeSettings | null {
  const names = read.list("ACME_NAMES", [], {
    meaning:
      "host names for which gateways get a certificate by ACME and renew it, all of them one and the same; whoever sets it accepts the authority's terms (docs/tls.md#by-acme)",
    wanted: "names split by commas, no wildcards",
    absent: "none is got",
  });
  const directory = read.url(
    "ACME_DIRECTORY_URL",
    LETS_ENCRYPT,
    "the authority that is asked, by `https://`",
  );
  const challenge = read.oneOf("ACME_CHALLENGE", CHALLENGES[0], CHALLENGES, {
    meaning:
      "how it finds out that a name is ours: by TLS at port 443 of the name, which has to lead to `PORT`, or by HTTP at its port 80, which has to lead to `HTTP_REDIRECT_PORT`",
  });
  const email = read.optionalText("ACME_EMAIL", {
    meaning: "where the authority may write to",
    wanted: "address",
  });
  // What is no URL at all is refused already.
  if (urlFault(directory, "query") === null && !directory.startsWith("https:"))
    read.fault("ACME_DIRECTORY_URL", `given ${JSON.stringify(directory)}, wanted https://`);
  if (email !== null && !EMAIL.test(email))
    read.fault("ACME_EMAIL", `given ${JSON.stringify(email)}, wanted an address`);
  const wrong = names.find((name) => !NAME.test(name) || isIP(name) !== 0);
  if (wrong !== undefined)
    read.fault(
      "ACME_NAMES",
      `given ${JSON.stringify(wrong)}, wanted host names in small letters, without wildcards`,
    );
  if (names.length === 0) return null;
  return { names: [...new Set(names)].sort(), directory, challenge, email };
}
