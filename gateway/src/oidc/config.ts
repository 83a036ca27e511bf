import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { refuseRepeated } from "#access-policy/refuse-repeated.js";
import { isLine } from "#registry-protocol/text.js";
import type { EnvReader } from "#service-kit/config.js";
import { examineFile } from "#service-kit/examine-file.js";
import { isTrustworthyUrl } from "#service-kit/http/trustworthy-url.js";
import { Secret } from "#service-kit/secret.js";
import { PASSWORD, secretFault, secretOfFile, withoutLineBreak } from "#service-kit/secret-form.js";
import { parseYaml } from "#service-kit/yaml-file.js";
import type { PageIssuer } from "./issuers.js";

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
const MOST_ISSUERS = 20;
/** RFC 6749, section 3.3 and appendix A.1. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const CLIENT_ID = /^[\x20-\x7e]{1,512}$/;
const OPENID = "openid";
const PARAMETER = /^[a-z0-9_]{1,64}$/;
/** What the request to log in says of itself (OpenID Connect Core, section 3.1.2.1; RFC 7636; RFC 9101). */
const OURS: readonly string[] = [
  ...["response_type", "response_mode", "client_id", "redirect_uri", "scope", "state", "nonce"],
  ...["code_challenge", "code_challenge_method", "request", "request_uri"],
];
const OTHER_PARAMETERS = "wanted parameters such as prompt, and none that each login has by itself";

/**
 * @param read - environment variables; faults are left there
 * @returns the issuers of `PAGE_LOGINS_FILE`, by whose pages people log in
 */
export function readPageIssuers(read: EnvReader): readonly PageIssuer[] {
  const path = read.optionalText("PAGE_LOGINS_FILE", {
    meaning:
      "OpenID providers by whose page people log in on the web page (docs/logins/browser.md); read at start",
    wanted: "YAML file",
    absent: "user and password or token alone",
  });
  if (path === null) return [];
  const load = (text: string) => parseYaml(path, text, fileSchema(dirname(path))).issuers;
  return examineFile(read, "PAGE_LOGINS_FILE", path, load) ?? [];
}

function fileSchema(folder: string) {
  const issuer = z
    .strictObject({
      name: z.string().regex(NAME, "wants a-z, 0-9 and -, at most 32 of them"),
      title: z.string().min(1).max(60).refine(isLine, "wanted one line"),
      issuer: z.url({ protocol: /^https?$/, error: "wanted the absolute URL of the issuer" }),
      clientId: z.string().regex(CLIENT_ID, "wanted what the issuer calls this registry"),
      clientSecretFile: z.string().min(1).optional(),
      scopes: z
        .array(z.string().regex(SCOPE, "wanted a scope"))
        .max(50)
        .refine((scopes) => scopes.includes(OPENID), `wanted ${OPENID} among them`)
        .default([OPENID]),
      parameters: z
        .record(z.string().regex(PARAMETER, OTHER_PARAMETERS), z.string().min(1).max(500))
        .refine(
          (given) => !Object.keys(given).some((name) => OURS.includes(name)),
          OTHER_PARAMETERS,
        )
        .default({}),
      allowHttp: z.boolean().default(false),
    })
    .transform((given, context): PageIssuer => {
      const { name, title, issuer, clientId, scopes, parameters, allowHttp } = given;
      const refuse = (key: string, message: string) => {
        context.addIssue({ code: "custom", path: [key], message });
      };
      if (!isTrustworthyUrl(issuer, allowHttp))
        refuse("issuer", "wanted https (http needs allowHttp: true, or a loopback address)");
      const file =
        given.clientSecretFile === undefined ? null : resolve(folder, given.clientSecretFile);
      const fault = file === null ? null : secretOfFile(file, PASSWORD).fault;
      if (fault !== null) refuse("clientSecretFile", fault);
      return {
        ...{ name, title, issuer, clientId, scopes, parameters },
        clientSecret: file === null ? null : () => readSecret(file),
        isPlainHttp: issuer.startsWith("http:"),
      };
    });
  return z.strictObject({
    issuers: z.array(issuer).min(1).max(MOST_ISSUERS).superRefine(refuseRepeated("name")),
  });
}

/** Secrets are replaced while a gateway runs. */
async function readSecret(file: string): Promise<Secret> {
  const text = withoutLineBreak(await readFile(file, "utf8"));
  const fault = secretFault(text, PASSWORD);
  if (fault !== null) throw new Error(`${file}: ${fault}`);
  return new Secret(text);
}
