import type { IContainer } from "kubernetes-models/v1";
import { imageOf } from "./images.ts";
import { OPERATOR_FILES } from "./operator-files.ts";
import { configFiles, secretFiles, variables, type Mounted } from "./pods.ts";
import { ownProbes } from "./service.ts";
import type { Settings } from "./settings.ts";
import { TIMES } from "./times.ts";

/** Folders of docker-compose's images (deploy/compose/volumes.ts). */
export const ROOT = "/etc/wharfinger";
export const TRUST = `${ROOT}/trust`;

/** What gateway and token server differ in. */
export interface OwnParts {
  readonly name: "gateway" | "token-server";
  readonly port: number;
  readonly ports: Readonly<Record<string, number>>;
  readonly settings: Settings;
  readonly size: Settings["gateway"];
  readonly mounted: readonly Mounted[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * @param parts - image, ports, files and variables
 * @returns the container of a gateway or a token server
 */
export function ownContainer(parts: OwnParts): IContainer {
  const { name, settings, size } = parts;
  return {
    name,
    image: imageOf(name, settings),
    ports: Object.entries(parts.ports).map(([portName, containerPort]) => ({
      name: portName,
      containerPort,
    })),
    env: variables({ ...parts.environment, ...common(parts) }),
    resources: resourcesOf(size),
    volumeMounts: parts.mounted.map(({ mount }) => mount),
    ...ownProbes(parts.port),
  };
}

function common({ port, settings }: OwnParts): Record<string, string> {
  return {
    HOST: "0.0.0.0",
    PORT: String(port),
    KEYS_DIR: `${ROOT}/private`,
    TRUSTED_PROXIES: settings.trustedProxies.join(","),
    DB_SUBNAME: subname(settings),
    DB_PASSWORD_FILE: `${ROOT}/database/own/password`,
    SHUTDOWN_DELAY_SECONDS: String(TIMES.shutdownDelay),
    DRAIN_SECONDS: String(TIMES.drain),
  };
}

/**
 * @param settings - where the database is
 * @returns the same for `DB_SUBNAME`; its certificate and its name are checked
 */
export function subname({ database }: Settings): string {
  const { host, port, name, authority } = database;
  const root = authority === undefined ? "system" : `${ROOT}/database-authority/ca.crt`;
  return `//${host}:${port}/${name}?sslmode=verify-full&sslrootcert=${root}`;
}

/**
 * @param settings - which Secrets and ConfigMaps there are
 * @param passwordSecret - Secret with the password of the role
 * @returns what a service reads besides its keys
 */
export function commonFiles(settings: Settings, passwordSecret: string): Mounted[] {
  const { secrets } = settings;
  return [
    secretFiles("trust", secrets.trust, TRUST),
    secretFiles("database-password", passwordSecret, `${ROOT}/database/own`),
    ...databaseAuthority(settings),
    configFiles("config", OPERATOR_FILES, "/config"),
    ...(secrets.operator === undefined
      ? []
      : [secretFiles("operator", secrets.operator, "/secrets")]),
  ];
}

/**
 * @param settings - which ConfigMap has the database's authorities
 * @returns where they are seen; none: the system's count
 */
export function databaseAuthority({ database: { authority } }: Settings): Mounted[] {
  if (authority === undefined) return [];
  return [configFiles("database-authority", authority, `${ROOT}/database-authority`)];
}

/**
 * @param size - what a part needs
 * @returns the same for a container. No limit of processor time: what nobody else wants may be used
 */
export function resourcesOf({
  resources,
}: Settings["gateway"]): NonNullable<IContainer["resources"]> {
  const { cpu, memory, memoryLimit } = resources;
  return { requests: { cpu, memory }, limits: { memory: memoryLimit } };
}
