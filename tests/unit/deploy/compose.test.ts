import { existsSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { readNotificationConfig } from "#gateway/notifications/config.js";
import { volumesBelow } from "../../../deploy/compose/volumes.js";
import { envReader } from "#service-kit/config.js";
import { readConfig } from "#token-server/config/config.js";
import { REPOSITORY_ROOT, type SourceFile } from "#tests/support/source-tree.js";
import {
  DOCKERFILE,
  filesOf,
  OURS,
  read,
  SERVICES,
  stage,
  variablesOf,
  VOLUMES,
  type Service,
} from "./support/compose.js";

/** Folder in which the volumes are mounted. */
const FOLDER = "/etc/wharfinger";

describe("docker-compose.yml", () => {
  test("builds images that the Dockerfile has", () => {
    expect(OURS.map(([name]) => name).sort()).toEqual([
      "database",
      "gateway",
      "setup",
      "token-server",
    ]);
    expect(OURS.filter(([, { build }]) => stage(build?.target ?? "") === "")).toEqual([]);
  });

  test.each(OURS)("tells %s where the keys are when it reads them", (name, { environment }) => {
    const readsKeys = variablesOf(filesOf(name)).includes("KEYS_DIR");
    expect(environment?.["KEYS_DIR"]).toBe(readsKeys ? `${FOLDER}/private` : undefined);
  });

  test("gives each service its own keys and secrets alone, and the authority's key to none", () => {
    const mounts = Object.entries(SERVICES).map(([name, service]) => [name, mountsOf(service)]);
    expect(Object.fromEntries(mounts)).toEqual({
      postgres: [],
      balancer: [],
      s3: [],
      sns: [],
      prometheus: [],
      grafana: [],
      setup: [
        "wharfinger:operator",
        "gateway:private/gateway",
        "token-server:private/token-server",
        "trust:trust",
        "registry-config:registry",
      ],
      database: [
        "database-operator:database/operator",
        "database-gateway:database/gateway",
        "database-token-server:database/token-server",
      ],
      registry: ["registry-config:registry:ro", "trust:trust:ro"],
      "token-server": [
        "token-server:private/token-server:ro",
        "database-token-server:database/token-server:ro",
        "trust:trust:ro",
      ],
      gateway: [
        "gateway:private/gateway:ro",
        "database-gateway:database/gateway:ro",
        "trust:trust:ro",
      ],
    });
  });

  test("has every volume that is mounted, and each of ours on a folder that its image has for our user", () => {
    const mounts = Object.values(SERVICES).flatMap(({ volumes }) => volumes ?? []);
    const named = mounts.filter((mount) => !mount.startsWith("."));
    expect([...new Set(named.map((mount) => mount.split(":")[0]))].sort()).toEqual(
      Object.keys(VOLUMES).sort(),
    );
    const ours = OURS.flatMap(([, service]) => mountsOf(service)).map(
      (mount) => mount.split(":")[1],
    );
    const folders: readonly string[] = stage("folders").match(/\/etc\/wharfinger\/\S+/g) ?? [];
    expect(ours.filter((folder) => !folders.includes(`${FOLDER}/${folder ?? ""}`))).toEqual([]);
  });

  test("lets a gateway write to the folder of its state, which its image has for our user, and to no other", () => {
    const { volumes = [], environment } = SERVICES["gateway"] ?? {};
    const state = environment?.["STATE_DIR"] ?? "";
    expect(volumes.filter((volume) => !volume.endsWith(":ro"))).toEqual([`gateway-state:${state}`]);
    expect(stage("folders")).toMatch(new RegExp(`install -d -m 0700 [^&]*/run/folders${state}\\b`));
    expect(stage("runtime")).toContain(
      `COPY --from=folders --chown=node:node /run/folders${state} ${state}\n`,
    );
  });

  test("has each service read its password where the database service has put it", () => {
    const { gateway, tokenServer } = volumesBelow(FOLDER).database;
    const files = ["gateway", "token-server"].map(
      (name) => SERVICES[name]?.environment?.["DB_PASSWORD_FILE"],
    );
    expect(files).toEqual([`${gateway}/password`, `${tokenServer}/password`]);
  });

  test("gives each service a database role of its own, and the superuser to none", () => {
    const roles = OURS.map(([name, { environment }]) => [name, environment?.["DB_USER"]]);
    expect(Object.fromEntries(roles)).toEqual({
      setup: undefined,
      database: "wharfinger",
      "token-server": "wharfinger_token_server",
      gateway: "wharfinger_gateway",
    });
    const withPassword = Object.entries(SERVICES).filter(
      ([, { secrets }]) => secrets?.includes("database-password") === true,
    );
    expect(withPassword.map(([name]) => name)).toEqual(["postgres", "database"]);
  });

  test("has the registry's notifications come in at a port that is neither published nor exposed", () => {
    const { environment, ports } = SERVICES["gateway"] ?? {};
    const { port } = readNotificationConfig(envReader({ NOTIFICATION_SECRET: "x".repeat(16) }));
    expect(environment).toMatchObject({ NOTIFICATION_HOST: "0.0.0.0" });
    expect(environment).not.toHaveProperty("NOTIFICATION_PORT");
    expect(read("deploy/compose/setup.ts")).toContain(`"http://gateway:${port}/hooks/registry"`);
    expect(ports).toBeUndefined();
    expect(stage("gateway")).toMatch(/^EXPOSE 8080 9090$/m);
  });

  test("has the token server, which listens on loopback by default, be reached by the gateway", () => {
    expect(readConfig({ AUTHENTICATION: "off" })).toMatchObject({
      host: "127.0.0.1",
      metricsHost: "127.0.0.1",
      trustedProxies: [],
      gatewayTrustFile: null,
    });
    expect(stage("token-server")).toMatch(/^ENV HOST=0\.0\.0\.0$/m);
    expect(SERVICES["token-server"]).not.toHaveProperty("ports");
    expect(SERVICES["token-server"]?.environment).toMatchObject({
      GATEWAY_TRUST_FILE: `${volumesBelow(FOLDER).keys.trust}/gateway.pem`,
    });
  });

  test("waits for the health only of what has a health check", () => {
    const awaited = Object.values(SERVICES)
      .flatMap(({ depends_on: dependencies }) => Object.entries(dependencies ?? {}))
      .filter(([, { condition }]) => condition === "service_healthy");
    const unchecked = awaited.filter(([name]) => {
      const service = SERVICES[name];
      const { context, target } = service?.build ?? {};
      const image = target === undefined ? dockerfileIn(context) : stage(target);
      return service?.healthcheck === undefined && !/^HEALTHCHECK /m.test(image);
    });
    expect(awaited.length).toBeGreaterThan(0);
    expect(unchecked).toEqual([]);
  });
});

describe.each(OURS)("the image of %s", (name) => {
  const files = filesOf(name);

  test("is built from every source that it imports", () => {
    const ignored = read(".dockerignore").trim().split("\n");
    const absent = files.filter(({ path }) => ignored.some((one) => path.startsWith(`${one}/`)));
    expect(files.length).toBeGreaterThan(5);
    expect(absent.map(({ path }) => path)).toEqual([]);
  });

  test("has every package that it imports without those for development", () => {
    const { dependencies } = JSON.parse(read("package.json")) as { dependencies: object };
    const packages = files.flatMap(({ imports }) => imports.filter(isPackage).map(packageName));
    expect(packages.filter((one) => !Object.hasOwn(dependencies, one))).toEqual([]);
  });

  test("has the files that it reads next to the compiled ones", () => {
    const folders = files.flatMap(foldersReadBy);
    expect(folders.length > 0).toBe(name !== "setup");
    expect(folders.filter((folder) => !existsSync(join(REPOSITORY_ROOT, folder)))).toEqual([]);
    expect(DOCKERFILE).toContain("for folder in */sql;");
    expect(folders.filter((folder) => !/^[^/]+\/sql$/.test(folder))).toEqual([]);
  });
});

/** Folders that a source finds from where its compiled file is, from the root of the image's program. */
function foldersReadBy({ path, text }: SourceFile): string[] {
  const urls = text.matchAll(/new URL\(\s*"([^"]+)",\s*import\.meta\.url/g);
  return [...urls].map(([, relative = ""]) =>
    new URL(relative, `file:///dist/${path}`).pathname.slice(1),
  );
}

function dockerfileIn(context: string | undefined): string {
  return context === undefined ? "" : read(join("deploy", context, "Dockerfile"));
}

function mountsOf({ volumes }: Service): string[] {
  return (volumes ?? [])
    .filter((volume) => volume.includes(`:${FOLDER}`))
    .map((volume) => volume.replace(`${FOLDER}/`, ""));
}

function isPackage(specifier: string): boolean {
  return !/^[.#]/.test(specifier) && !isBuiltin(specifier);
}

function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
