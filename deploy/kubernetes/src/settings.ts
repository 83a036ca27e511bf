import { readFileSync } from "node:fs";
import { z } from "zod";
import { environment } from "./environment.ts";

const name = z.string().regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/);
const labels = z.record(z.string(), z.string());
const cidr = z.union([z.cidrv4(), z.cidrv6()]);

/** Requests and limits of one process; the figures are explained in the README. */
const resources = (cpu: string, memory: string, memoryLimit: string) =>
  z
    .strictObject({
      cpu: z.string().default(cpu),
      memory: z.string().default(memory),
      memoryLimit: z.string().default(memoryLimit),
    })
    .prefault({});

const part = (min: number, max: number, size: ReturnType<typeof resources>) =>
  z
    .strictObject({
      min: z.int().min(2).default(min),
      max: z.int().min(2).default(max),
      resources: size,
      /** Such as `eks.amazonaws.com/role-arn`, by which a pod may publish to SNS or use a bucket. */
      serviceAccountAnnotations: labels.default({}),
    })
    .refine((given) => given.min <= given.max, { error: "min is above max" })
    .prefault({});

/** Labels of the namespace that has whoever asks: the ingress, or Prometheus. */
const namespaceLabels = labels.refine((given) => Object.keys(given).length > 0, {
  error: "is empty, which would be every namespace",
});

/** Where clients come from: pods of the ingress, or addresses of one that has none, as a cloud's load balancer. */
const clients = {
  namespaceLabels: namespaceLabels.optional(),
  addresses: z.array(cidr).default([]),
};

const entryKinds = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("ingress"),
    className: z.string(),
    /** Secret of type kubernetes.io/tls; cert-manager can make it (annotations). */
    tlsSecret: name,
    annotations: labels.default({}),
    ...clients,
  }),
  z.strictObject({
    kind: z.literal("gateway"),
    /** A Gateway that is there, with the certificate; the port's name where it has several. */
    parent: z.strictObject({ name, namespace: name, sectionName: name.optional() }),
    ...clients,
  }),
]);

const entry = entryKinds.refine(
  (given) => given.namespaceLabels !== undefined || given.addresses.length > 0,
  { error: "has neither namespaceLabels nor addresses: nobody could come in" },
);

const storage = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("s3"),
    bucket: z.string(),
    region: z.string(),
    endpoint: z.url().optional(),
    pathStyle: z.boolean().default(false),
    prefix: z.string().optional(),
    encrypt: z.boolean().default(true),
    kmsKeyId: z.string().optional(),
    storageClass: z.string().optional(),
    /** False where clients cannot reach the bucket: bytes come through the registry. */
    redirect: z.boolean().default(true),
    /** Secret with the file `credentials` as the AWS CLI has it; absent: the role of the service account. */
    credentialsSecret: name.optional(),
    /** Where the bucket may be. */
    addresses: z.array(cidr).min(1).default(["0.0.0.0/0"]),
  }),
  /** One registry, on a PersistentVolumeClaim that is there. */
  z.strictObject({ kind: z.literal("volume"), claim: name }),
]);

const SETTINGS = z.strictObject({
  namespace: name.default("wharfinger"),
  /** Host of the registry, as in `docker login registry.example.org`. */
  domainName: z.hostname(),
  entry,
  /** Addresses of the ingress' pods or nodes: whose X-Forwarded-For counts. */
  trustedProxies: z.array(cidr).min(1),
  /** As `PREFIX/gateway:TAG`, built by deploy/Dockerfile and pushed before. */
  images: z.strictObject({ prefix: z.string(), tag: z.string() }),
  registryImage: z.string().default("docker.io/library/registry:3.1.1"),
  pullSecrets: z.array(name).default([]),
  database: z.strictObject({
    host: z.string(),
    port: z.int().min(1).max(65_535).default(5432),
    name: z.string().default("wharfinger"),
    /** Who makes roles and migrates: the owner of the database, who may create roles. */
    adminUser: z.string().default("postgres"),
    /** ConfigMap with `ca.crt`, which the server's certificate has to come from; absent: the system's authorities. */
    authority: name.optional(),
  }),
  storage,
  gateway: part(2, 6, resources("500m", "512Mi", "1Gi")),
  tokenServer: part(2, 4, resources("250m", "256Mi", "512Mi")),
  registry: part(2, 6, resources("500m", "256Mi", "1Gi")),
  /** Secrets that are there (README): the chart has none, and mounts them as files. */
  secrets: z
    .strictObject({
      authority: name.default("wharfinger-authority"),
      gateway: name.default("wharfinger-gateway"),
      tokenServer: name.default("wharfinger-token-server"),
      registry: name.default("wharfinger-registry"),
      trust: name.default("wharfinger-trust"),
      databaseAdmin: name.default("wharfinger-database-admin"),
      databaseOperator: name.default("wharfinger-database-operator"),
      databaseGateway: name.default("wharfinger-database-gateway"),
      databaseTokenServer: name.default("wharfinger-database-token-server"),
      /** What your files and variables name below /secrets. */
      operator: name.optional(),
    })
    .prefault({}),
  /** Further variables of the services (docs/configuration.md): logins, rules, limits. */
  environment: z
    .strictObject({ gateway: environment.prefault({}), tokenServer: environment.prefault({}) })
    .prefault({}),
  /** Files without secrets, seen by both services as `/config/NAME`: `{"policy.yaml": "./policy.yaml"}`. */
  files: z.record(z.string().regex(/^[a-z0-9][a-z0-9._-]*$/), z.string()).default({}),
  /** Absent: no ServiceMonitor, no PrometheusRule, and nobody reaches the metrics. */
  monitoring: z
    .strictObject({
      namespaceLabels,
      /** By which your Prometheus chooses what it reads, such as `release: prometheus`. */
      labels: labels.default({}),
    })
    .optional(),
});

/** What the manifests are made of, checked. */
export type Settings = z.infer<typeof SETTINGS>;
/** The same as an operator writes it: what has a default may be left out. */
export type GivenSettings = z.input<typeof SETTINGS>;

/** What is wrong with the settings, one line each. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/**
 * @param given - what an operator wrote
 * @returns the checked settings
 * @throws SettingsError naming all that is wrong
 */
export function parseSettings(given: unknown): Settings {
  const parsed = SETTINGS.safeParse(given);
  if (parsed.success) return withLogin(parsed.data);
  throw new SettingsError(`settings refused:\n${z.prettifyError(parsed.error)}`);
}

/**
 * @param file - JSON file
 * @returns the checked settings
 * @throws SettingsError when it cannot be read, is no JSON, or is wrong
 */
export function readSettings(file: string): Settings {
  try {
    return parseSettings(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    throw new SettingsError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

const LOGINS = ["HTTP_TOKENINFO_URL", "LOGINS_FILE", "HTTP_IIDINFO_URL", "HTTP_ALLOW_PUBLIC_READ"];

/** The token server does not start without: better said here than by pods that end again and again. */
function withLogin(settings: Settings): Settings {
  const given = Object.keys(settings.environment.tokenServer);
  if ([...LOGINS, "AUTHENTICATION"].some((one) => given.includes(one))) return settings;
  throw new SettingsError(
    `settings refused:\nenvironment.tokenServer has no login, wanted one of ${LOGINS.join(", ")}`,
  );
}
