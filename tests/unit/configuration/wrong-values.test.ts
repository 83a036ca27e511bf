import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { readConfig as readGateway } from "#gateway/config/config.js";
import { ConfigError } from "#service-kit/config.js";
import { readConfig as readTokenServer } from "#token-server/config/config.js";
import { GATEWAY, TOKEN_SERVER } from "#tests/documents/programs.js";
import { record, type Variable } from "#tests/documents/recording-reader.js";

const FOLDER = mkdtempSync(join(tmpdir(), "configuration-"));
const FILE = join(FOLDER, "no-settings");
const NOWHERE = join(FOLDER, "nowhere");
const KEYS = join(FOLDER, "keys");
writeFileSync(FILE, "nonsense: [");
mkdirSync(join(KEYS, "gateway"), { recursive: true });
writeFileSync(join(KEYS, "gateway", "0000000000-first.key.pem"), "");
afterAll(() => {
  rmSync(FOLDER, { recursive: true });
});

const SECRET = "a-secret-that-nobody-is-shown";
const PROGRAMS = [
  { ...GATEWAY, start: readGateway, good: { KEYS_DIR: KEYS, NOTIFICATION_SECRET: SECRET } },
  { ...TOKEN_SERVER, start: readTokenServer, good: { HTTP_ALLOW_PUBLIC_READ: "true" } },
];

/** A wrong value, and what has to be set besides so that it is looked at. */
type Wrong = string | readonly [value: string, besides: NodeJS.ProcessEnv];

const OWN_KEY = {
  SIGNING_KEY: generateKeyPairSync("ec", { namedCurve: "P-256" })
    .privateKey.export({ type: "pkcs8", format: "pem" })
    .toString(),
};
const TOPIC = {
  API_SNS_TOPIC_ARN: "arn:aws:sns:eu-central-1:123456789012:t",
  API_REPOSITORY: "r.example",
};
const PROXY = { HTTPS_PROXY: "http://proxy.example:3128" };
const YAML_FILE = [NOWHERE, FILE, FOLDER];

/** What is text to the reader, and has rules of its own. */
const OF_TEXT: Readonly<Record<string, readonly Wrong[]>> = {
  OTEL_TRACES_SAMPLER_ARG: ["many", "1.5", "-0.5", "half"],
  GATEWAY_PROCESSES: ["0", "65", "1.5", "2x", "many"],
  DB_SUBNAME: [
    ...["h/d", "//h/%zz", "//h/d/", "//h:port/d", "//h", "///d", "//user@h/d", "//h/d#x"],
    ...["//h/d?ssl=1", "//h/d?sslmode=prefer", "//h/d?other=1", "//h/d?ssl=true&ssl=true"],
    `//h/d?sslmode=verify-full&sslrootcert=${NOWHERE}`,
  ],
  PGSSLMODE: ["prefer", "on"],
  PGSSLROOTCERT: [FILE, [NOWHERE, { PGSSLMODE: "verify-full" }], [FILE, { PGSSLMODE: "require" }]],
  KEYS_DIR: [FILE],
  STATE_DIR: [FILE, NOWHERE],
  IN_USE_REPORTERS: ["somebody", "a@/r,b", "@/r"],
  SIGNING_CERTIFICATE_FILE: [FILE, [NOWHERE, OWN_KEY], [FILE, OWN_KEY]],
  TLS_CERTIFICATE_FILE: [NOWHERE, FOLDER],
  TLS_KEY_FILE: [FILE, [NOWHERE, { TLS_CERTIFICATE_FILE: FILE }]],
  TAG_POLICY_FILE: YAML_FILE,
  LOGINS_FILE: YAML_FILE,
  POLICY_FILE: YAML_FILE,
  DIRECTORY_FILE: YAML_FILE,
  SINKS_FILE: YAML_FILE,
  PAGE_LOGINS_FILE: YAML_FILE,
  GATEWAY_TRUST_FILE: [NOWHERE, FILE],
  ACME_NAMES: ["*.example.org", "10.0.0.1", "R.example.org", "localhost"],
  ACME_EMAIL: ["nobody", "a b@example.org"],
  OUTBOUND_CA_FILE: [NOWHERE, FILE],
  TOKEN_SERVER_URL: ["nonsense", "http://h,ftp://h", "http://h/#f", `http://user:${SECRET}@h`],
  REGISTRY_PROCESSES: ["nonsense", "ftp://h", "http://a,h"],
  CORS_ORIGINS: ["https://h/path", "h", "*,https://h"],
  API_SNS_TOPIC_ARN: [["arn:aws:sns", { API_REPOSITORY: "r.example" }]],
  API_SNS_REGION: [["us-east-1", TOPIC]],
  API_REPOSITORY: ["https://h", "h/path", "a b"],
  NO_PROXY: [["a b c/99", PROXY]],
  no_proxy: [["*.*.example", { ...PROXY, NO_PROXY: "h.example" }]],
  http_proxy: ["socks5://h"],
  https_proxy: ["http://h/path"],
};
/** Whatever is written there is what is meant. */
const FREE = [
  ...["DB_USER", "TOKEN_SERVICE", "TOKEN_ISSUER", "UPSTREAM_SERVICE", "UPSTREAM_ISSUER"],
  ...["ADMIN_TEAMS", "REFRESH_TOKEN_CLIENTS", "CHANGED_BY"],
];
/** Small letters differ from capitals, of which the fault speaks. */
const TOLD_OF: Readonly<Record<string, string>> = { no_proxy: "NO_PROXY" };

function wrongValues({ name, kind, range }: Variable): readonly Wrong[] {
  switch (kind) {
    case "port":
      return ["eighty", "-1", "65536", "80.5", "0x50"];
    case "host":
      return ["a b", "http://h", "[::1]", "127.0.0.1:80"];
    case "integer":
      return ["many", "-1", "1.5", `${(range?.max ?? 0) + 1}`, ...(range?.min === 0 ? [] : ["0"])];
    case "flag":
      return ["yes", "1", "TRUE"];
    case "word":
      return ["nonsense"];
    case "url":
      return ["nonsense", "ftp://h", "http://h/#fragment", `http://user:${SECRET}@h`];
    case "secret":
      return ["\u0001"];
    case "addresses":
      return ["everybody", "10.0.0.0/33"];
    case "text":
    case "list":
      return OF_TEXT[name] ?? [];
  }
}

describe.each(PROGRAMS)("the configuration of the $name", ({ read, start, good }) => {
  const { variables } = record(read);
  const faultsOf = (env: NodeJS.ProcessEnv): readonly string[] => {
    try {
      start(env);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.faults;
      throw error;
    }
  };

  test("is in order when what is required is there", () => {
    expect(faultsOf(good)).toEqual([]);
  });

  test("has no variable that takes whatever is given, but a few", () => {
    const unchecked = variables.filter((variable) => wrongValues(variable).length === 0);
    expect(unchecked.map(({ name }) => name).filter((name) => !FREE.includes(name))).toEqual([]);
  });

  const table = variables.flatMap((variable) => {
    const values = wrongValues(variable).map((wrong) =>
      typeof wrong === "string" ? ([wrong, {}] as const) : wrong,
    );
    const files = variable.isSecret ? [NOWHERE, FOLDER] : [];
    return [
      ...values.map(([value, besides]) => ({ name: variable.name, value, besides })),
      ...files.map((value) => ({ name: `${variable.name}_FILE`, value, besides: {} })),
    ];
  });
  test.each(table)("refuses $name=$value in one line", ({ name, value, besides }) => {
    const secretOf = name.replace(/_FILE$/, "");
    const env = {
      ...good,
      ...besides,
      ...(name !== secretOf && { [secretOf]: "" }),
      [name]: value,
    };
    const faults = faultsOf(env).filter((fault) => fault.startsWith(`${TOLD_OF[name] ?? name}: `));
    expect(faults).toHaveLength(1);
    expect(faults[0]).not.toMatch(/\n/);
    expect(faults[0]).toMatch(/wanted|:\d+:/);
    expect(faults[0]).not.toContain(SECRET);
  });

  test("names all that is wrong at once, what stands in files among it", () => {
    const files = variables
      .map(({ name }) => name)
      .filter((name) => /(?:POLICY|LOGINS)_FILE$/.test(name));
    const wrong = { PORT: "eighty", DB_SUBNAME: "h/d", LOG_LEVEL: "loud", KEYS_DIR: FILE };
    const ofFiles = Object.fromEntries(files.map((name) => [name, NOWHERE]));
    const named = faultsOf({ ...good, ...wrong, ...ofFiles }).map((fault) => fault.split(":")[0]);
    expect(named.sort()).toEqual([...Object.keys(wrong), ...files].sort());
  });

  test.each([
    ["PORT", "METRICS_PORT", "9000"],
    ["METRICS_PORT", "PORT", "9000"],
  ])("refuses one port for two listeners: %s as %s", (one, other, port) => {
    expect(faultsOf({ ...good, [one]: port, [other]: port })).toEqual([
      `METRICS_PORT: given "${port}" as PORT, wanted another port`,
    ]);
  });
});

test("a gateway is told how its keys are made where there are none", () => {
  expect(() => readGateway({ KEYS_DIR: FOLDER, NOTIFICATION_SECRET: SECRET })).toThrow(
    /^ {2}KEYS_DIR: .*gateway holds no key: .*npm run keys -- renew/m,
  );
});

test.each([
  ["REGISTRY_URL", "http://h/path"],
  ["REGISTRY_URL", "http://h?query"],
  ["PUBLIC_URL", "https://h/path"],
  ["PUBLIC_URL", "https://h/?query"],
  ["TOKEN_SERVER_URL", "http://h/path?query"],
])("a URL with more than is used of it is refused: %s=%s", (name, value) => {
  const env = { KEYS_DIR: KEYS, NOTIFICATION_SECRET: SECRET, [name]: value };
  expect(() => readGateway(env)).toThrow(`${name}: given "${value}", wanted`);
});
