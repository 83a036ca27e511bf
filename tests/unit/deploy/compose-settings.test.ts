import { describe, expect, test } from "@jest/globals";
import { OF_COMPOSE } from "#tests/documents/programs.js";
import { record } from "#tests/documents/recording-reader.js";
import { filesOf, OURS, read, SERVICES } from "./support/compose.js";

/** What the images that are not ours understand. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  postgres: ["POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE"],
  balancer: [],
  s3: ["S3_BUCKETS", "S3_REGION"],
  sns: ["FAUXQS_INIT", "FAUXQS_LOGGER"],
  prometheus: [],
  grafana: ["GF_SECURITY_ADMIN_PASSWORD__FILE"],
  // Not REGISTRY_…: the registry takes each of those for a setting, and its file has them all.
  registry: [
    "OTEL_TRACES_EXPORTER",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
  ],
};

/** What the AWS SDK reads in a program of ours. */
const SDK = [
  "AWS_REGION",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
];

/** What a service of compose reads and an operator does not choose, by why. */
const LEFT_OUT: readonly string[] = [
  // Addresses inside of compose's network; PORT is the published one.
  ...["HOST", "PORT", "METRICS_HOST", "METRICS_PORT", "NOTIFICATION_PORT"],
  // The inspector listens on the container's loopback, where nobody gets at it.
  ...["NREPL_ENABLED", "NREPL_PORT"],
  // The database is compose's own; each service has a role of its own, whose password is in its volume.
  ...["PGSSLMODE", "PGSSLROOTCERT", "DB_PASSWORD"],
  // Made by the setup service, which tells the registry the same.
  ...["SIGNING_KEY", "SIGNING_KEY_FILE", "SIGNING_CERTIFICATE_FILE"],
  ...["NOTIFICATION_SECRET", "NOTIFICATION_SECRET_PREVIOUS"],
  ...["UPSTREAM_SERVICE", "UPSTREAM_ISSUER"],
  // TLS is the balancer's, which is before the gateways (docs/tls.md).
  ...["TLS_CERTIFICATE_FILE", "TLS_KEY_FILE", "HSTS_SECONDS", "HTTP_REDIRECT_PORT"],
  ...["ACME_NAMES", "ACME_DIRECTORY_URL", "ACME_CHALLENGE", "ACME_EMAIL"],
  // In capitals alone.
  ...["https_proxy", "http_proxy", "no_proxy"],
  // The network is private, as the default wants it.
  "NOTIFICATION_ALLOWED",
];
/** Gateways sign what they tell of callers, and nobody else comes to the token server. */
const LEFT_OUT_OF: Readonly<Record<string, readonly string[]>> = {
  "token-server": ["TRUSTED_PROXIES"],
};

describe("the settings in docker-compose.yml", () => {
  test.each(Object.entries(SERVICES))("tells %s nothing it does not read", (name, service) => {
    const known = FOREIGN[name] ?? [...variablesOf(name), ...(usesSdk(name) ? SDK : [])];
    const told = Object.keys(service.environment ?? {});
    expect(told.filter((variable) => !known.includes(variable))).toEqual([]);
  });

  test.each(OURS)("lets an operator tell %s all that it reads", (name, { environment }) => {
    const left = [...LEFT_OUT, ...(LEFT_OUT_OF[name] ?? [])];
    const wanted = [...variablesOf(name), ...(usesSdk(name) ? SDK : [])];
    const told = Object.keys(environment ?? {});
    expect(wanted.filter((one) => !told.includes(one) && !left.includes(one))).toEqual([]);
    expect(told.filter((one) => LEFT_OUT_OF[name]?.includes(one))).toEqual([]);
  });

  test("has one name for credentials of AWS, the same for registry and gateway", () => {
    const told = ["registry", "gateway"].map((name) =>
      SDK.filter((one) => one !== "AWS_REGION" && SERVICES[name]?.environment?.[one] === null),
    );
    expect(told[0]).toHaveLength(4);
    expect(told[1]).toEqual(told[0]);
  });

  test.each(["gateway", "token-server"])("gives %s the operator's files, to read alone", (name) => {
    expect(SERVICES[name]?.volumes).toContain("./config:/config:ro");
  });

  test("has the folder of the operator's files, of which no file gets into git or an image", () => {
    const ignored = read("deploy/config/.gitignore").trim().split("\n");
    expect(ignored).toEqual(["*", "!.gitignore", "!README.md"]);
    expect(read("deploy/config/README.md")).toContain("`/config`");
    expect(read(".dockerignore").split("\n")).toContain("deploy/config");
  });
});

function variablesOf(service: string): string[] {
  const readVariables = OF_COMPOSE[service];
  if (readVariables === undefined) throw new Error(`nobody knows what ${service} reads`);
  return [...record(readVariables).names];
}

function usesSdk(target: string): boolean {
  return filesOf(target).some(({ imports }) => imports.some((one) => one.startsWith("@aws-sdk/")));
}
