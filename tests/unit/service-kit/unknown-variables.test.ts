import { describe, expect, test } from "@jest/globals";
import { ConfigError, envReader } from "#service-kit/config.js";
import { KNOWN_VARIABLES } from "#service-kit/known-variables.js";
import { unknownVariables } from "#service-kit/unknown-variables.js";
import { readConfig as readGatewayConfig } from "#gateway/config/config.js";
import { readConfig as readTokenServerConfig } from "#token-server/config/config.js";
import { sourceFiles } from "#tests/support/source-tree.js";
import { STORAGE_VARIABLES } from "#registry-config/storage-variables.js";
import { variablesOf } from "../deploy/support/compose.js";

const SOURCES = [
  "audit-log/src",
  "deploy/compose",
  "deploy/local",
  "gateway/src",
  "registry-config/src",
  "service-kit/src",
  "token-server/src",
];

describe("the list of variables", () => {
  test("has every one that a process or a command of ours reads", () => {
    const read = new Set(variablesOf(sourceFiles(SOURCES)));
    expect(read.size).toBeGreaterThan(50);
    expect([...read].filter((name) => !KNOWN_VARIABLES.includes(name))).toEqual([]);
  });

  test("has none that nobody reads, but those of wharf", () => {
    const read = [...variablesOf(sourceFiles(SOURCES)), ...Object.keys(STORAGE_VARIABLES)];
    const unread = KNOWN_VARIABLES.filter((name) => !read.includes(name));
    expect(unread).toEqual(["WHARF_CONFIG_DIR", "WHARF_CONTEXT", "WHARF_TOKEN", "WHARF_URL"]);
  });

  test("has each once, in order", () => {
    expect(KNOWN_VARIABLES).toEqual([...new Set(KNOWN_VARIABLES)].sort());
  });
});

describe("a variable that nobody reads", () => {
  test.each([
    ["HTTP_TOKEN_INFO_URL", "HTTP_TOKENINFO_URL"],
    ["HTTP_TOKENINFO", "HTTP_TOKENINFO_URL"],
    ["HTTP_TOKENINFO_URI", "HTTP_TOKENINFO_URL"],
    ["http_tokeninfo_url", "HTTP_TOKENINFO_URL"],
    ["HTTP_TEAMSERVICE_URL", "HTTP_TEAM_SERVICE_URL"],
    ["HTTP_ALLOW_PUBLICREAD", "HTTP_ALLOW_PUBLIC_READ"],
    ["HTTP_ALLOW_PUBLIC_RAED", "HTTP_ALLOW_PUBLIC_READ"],
    ["AUTHENTIFICATION", "AUTHENTICATION"],
    ["AUTENTICATION", "AUTHENTICATION"],
    ["LOGIN_FILE", "LOGINS_FILE"],
    ["LOGINSFILE", "LOGINS_FILE"],
    ["POLICYFILE", "POLICY_FILE"],
    ["POLICYS_FILE", "POLICY_FILE"],
    ["DB_SUBNAM", "DB_SUBNAME"],
    ["DB_SSLMODE", "PGSSLMODE"],
    ["PG_SSLMODE", "PGSSLMODE"],
    ["PGSSL_MODE", "PGSSLMODE"],
    ["DB_HOST", undefined],
    ["PGSSLCERT", undefined],
    ["PGSSLCRL", undefined],
    ["PGSSLMINPROTOCOLVERSION", undefined],
    ["GATEWAY_TRUST_BUNDLE", undefined],
    ["ROBOT_DAYS", undefined],
    ["MAX_CONNECTIONS_PER_ADDRESS", undefined],
    ["DB_PASSWORDFILE", "DB_PASSWORD_FILE"],
    ["TRUSTED_PROXY", "TRUSTED_PROXIES"],
    ["NOTIFICATIONS_SECRET", "NOTIFICATION_SECRET"],
    ["NOTIFICATION_SECRETFILE", "NOTIFICATION_SECRET_FILE"],
    ["ADMIN_TEAM", "ADMIN_TEAMS"],
    ["TAGPOLICY_FILE", "TAG_POLICY_FILE"],
    ["ALLOW_DELETES", "ALLOW_DELETE"],
    ["UPLOAD_CAP", undefined],
    ["TOKEN_LIFETIME", undefined],
  ])("and looks like ours is named, with what was meant: %s", (name, nearest) => {
    const [found] = unknownVariables({ [name]: "x" });
    expect(found?.name).toBe(name);
    if (nearest !== undefined) expect(found?.nearest).toBe(nearest);
  });

  test.each([
    ["HTTP_PROXY", "http://proxy:3128"],
    ["http_proxy", "http://proxy:3128"],
    ["HTTPS_PROXY", "http://proxy:3128"],
    ["NO_PROXY", "localhost"],
    ["PATH", "/bin"],
    ["HOSTNAME", "wharfinger-0"],
    ["HOME", "/root"],
    ["LOGNAME", "root"],
    ["NODE_ENV", "production"],
    ["NODE_OPTIONS", "--max-old-space-size=512"],
    ["NODE_EXTRA_CA_CERTS", "/ca.pem"],
    ["PGHOST", "db"],
    ["AWS_DEFAULT_REGION", "eu-central-1"],
    ["AWS_WEB_IDENTITY_TOKEN_FILE", "/token"],
    ["KUBERNETES_SERVICE_HOST", "10.0.0.1"],
    ["KUBERNETES_PORT_443_TCP_ADDR", "10.0.0.1"],
    // A service called `token-server`, one called `db`, one called `notification`.
    ["TOKEN_SERVER_SERVICE_HOST", "10.0.0.2"],
    ["TOKEN_SERVER_SERVICE_PORT", "8081"],
    ["TOKEN_SERVER_SERVICE_PORT_HTTP", "8081"],
    ["TOKEN_SERVER_PORT", "tcp://10.0.0.2:8081"],
    ["TOKEN_SERVER_PORT_8081_TCP", "tcp://10.0.0.2:8081"],
    ["DB_SERVICE_HOST", "10.0.0.3"],
    ["DB_PORT", "tcp://10.0.0.3:5432"],
    ["DB_PORT_5432_TCP_PROTO", "tcp"],
    ["NOTIFICATION_PORT_1_UDP_PORT", "1"],
    // An empty one is an absent one.
    ["HTTP_TOKEN_INFO_URL", ""],
    ["HTTP_TOKEN_INFO_URL", " "],
  ])("and is somebody else's is left alone: %s=%s", (name, value) => {
    expect(unknownVariables({ [name]: value })).toEqual([]);
  });

  test("is a fault for every process, beside all others", () => {
    const env = {
      HTTP_TOKEN_INFO_URL: "http://x",
      PORT: "x",
      NOTIFICATION_SECRET: "0123456789abcdef",
    };
    for (const read of [readGatewayConfig, readTokenServerConfig]) {
      const faults = faultsOf(() => read(env));
      expect(faults).toContain(
        "HTTP_TOKEN_INFO_URL: is no setting, did you mean HTTP_TOKENINFO_URL?",
      );
      expect(faults.join()).toContain("PORT: given");
    }
  });

  test("is a fault when everything else is right", () => {
    const env = { HTTP_ALLOW_PUBLIC_READ: "true", HTTP_TOKEN_INFO_URL: "http://x" };
    expect(faultsOf(() => readTokenServerConfig(env))).toHaveLength(1);
  });

  test("is none when the process at hand reads it", () => {
    const read = envReader({ TOKEN_OF_SOMETHING_NEW: "x" });
    read.text("TOKEN_OF_SOMETHING_NEW", "");
    expect(() => {
      read.throwIfFaulty();
    }).not.toThrow();
  });

  test("stands in a file that all processes share, whosever it is", () => {
    const everything = Object.fromEntries(KNOWN_VARIABLES.map((name) => [name, "x"]));
    expect(unknownVariables(everything)).toEqual([]);
  });
});

function faultsOf(read: () => unknown): readonly string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}
