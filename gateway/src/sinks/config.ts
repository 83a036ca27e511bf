import { dirname } from "node:path";
import type { EnvReader } from "#service-kit/config.js";
import { examineFile } from "#service-kit/examine-file.js";
import { BEARER_TOKEN } from "#service-kit/secret-form.js";
import { parseYaml } from "#service-kit/yaml-file.js";
import { isForbiddenLiteral } from "./address-guard.js";
import type { RegistryIdentity } from "./registry-name.js";
import { goesInTheClear, sinksSchema } from "./sinks-schema.js";
import { regionOfTopic, TOPIC_WANTED, type AuditSpec, type SinkSpec } from "./sink-spec.js";
import type { SnsSpec } from "./sink-spec.js";

/** Where events go and what the registry is called in them. */
export interface SinksConfig {
  readonly registry: RegistryIdentity;
  readonly sinks: readonly SinkSpec[];
}

const DEFAULTS = { actions: ["push"], timeoutSeconds: 10 } as const;
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/**
 * @param read - environment variables; faults are left there
 * @param publicUrl - origin that clients use, or `null`
 * @returns the sinks of `SINKS_FILE`, and those that variables of Pier One's name
 */
export function readSinksConfig(read: EnvReader, publicUrl: string | null): SinksConfig {
  const named = [snsOfEnvironment(read), auditOfEnvironment(read)].filter((spec) => spec !== null);
  const sinks = [...named, ...sinksOfFile(read)];
  for (const { name } of named)
    if (sinks.filter((sink) => sink.name === name).length > 1)
      read.fault("SINKS_FILE", `a sink is called "${name}", as the one that a variable names`);
  return { registry: registryIdentity(read, publicUrl, sinks.length > 0), sinks };
}

function sinksOfFile(read: EnvReader): readonly SinkSpec[] {
  const path = read.optionalText("SINKS_FILE", {
    meaning: "further sinks: SNS, signed webhooks, audit; with filters; read at start",
    wanted: "YAML file",
  });
  if (path === null) return [];
  const load = (text: string) => parseYaml(path, text, sinksSchema(dirname(path))).sinks;
  return examineFile(read, "SINKS_FILE", path, load) ?? [];
}

function snsOfEnvironment(read: EnvReader): SnsSpec | null {
  const topicArn = read.optionalText(
    "API_SNS_TOPIC_ARN",
    "SNS topic that gets a message of every push (docs/events.md)",
  );
  const given = read.optionalText("API_SNS_REGION", {
    meaning: "region of the topic; another one than its own is refused",
    absent: "as in the ARN",
  });
  const endpoint =
    read.optionalUrl(
      "API_SNS_ENDPOINT",
      { meaning: "another endpoint of SNS, for tests", absent: "the region's" },
      "path",
    ) ?? undefined;
  if (topicArn === null) return null;
  const region = regionOfTopic(topicArn);
  if (region === null)
    read.fault("API_SNS_TOPIC_ARN", `given ${JSON.stringify(topicArn)}, wanted ${TOPIC_WANTED}`);
  else if (given !== null && given !== region)
    read.fault("API_SNS_REGION", `given ${JSON.stringify(given)}, wanted ${region}, as the topic`);
  const common = { ...DEFAULTS, name: "sns", type: "sns", format: "pierone" } as const;
  return { ...common, topicArn, region: region ?? "", endpoint };
}

function auditOfEnvironment(read: EnvReader): AuditSpec | null {
  const url = read.optionalUrl(
    "HTTP_AUDIT_LOGS_URL",
    "service that gets an audit event of every push; `https://` with a token",
  );
  const token =
    read.optionalSecret(
      "HTTP_AUDIT_LOGS_TOKEN",
      BEARER_TOKEN,
      "shown to that service; a file is read anew for every event",
    ) ?? undefined;
  const tokenFile = read.optionalText("HTTP_AUDIT_LOGS_TOKEN_FILE") ?? undefined;
  if (url === null) {
    if (token !== undefined)
      read.fault("HTTP_AUDIT_LOGS_URL", "absent, wanted with HTTP_AUDIT_LOGS_TOKEN");
    return null;
  }
  const refuse = (why: string) => {
    read.fault("HTTP_AUDIT_LOGS_URL", `given ${JSON.stringify(url)}, ${why}`);
  };
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const hasToken = token !== undefined || tokenFile !== undefined;
  if (parsed !== null && isForbiddenLiteral(parsed))
    refuse("which is a link-local or metadata address");
  if (parsed !== null && hasToken && goesInTheClear(parsed))
    refuse("wanted https:// where a token is sent (or a sink in SINKS_FILE with allowPlainHttp)");
  const common = { ...DEFAULTS, name: "audit", type: "audit", allowLinkLocal: false } as const;
  return { ...common, url, token: tokenFile === undefined ? token : undefined, tokenFile };
}

function registryIdentity(
  read: EnvReader,
  publicUrl: string | null,
  isNeeded: boolean,
): RegistryIdentity {
  const given = read.optionalText("API_REPOSITORY", {
    meaning: "what the registry is called in events; with sinks, this or `PUBLIC_URL` is required",
    wanted: "`host` or `host:port`",
    absent: "the host of `PUBLIC_URL`",
  });
  if (given !== null && !HOST.test(given))
    read.fault("API_REPOSITORY", `given ${JSON.stringify(given)}, wanted host or host:port`);
  const ofUrl = publicUrl !== null && URL.canParse(publicUrl) ? new URL(publicUrl).host : null;
  const name = given ?? ofUrl;
  if (name === null && isNeeded)
    read.fault(
      "API_REPOSITORY",
      "absent, wanted host or host:port by which clients know the registry (or PUBLIC_URL): events name it",
    );
  return { name: name ?? "", uri: publicUrl ?? `//${name ?? ""}` };
}
