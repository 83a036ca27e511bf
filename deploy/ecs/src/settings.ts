import { readFileSync } from "node:fs";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { z } from "zod";
import { OWN_VARIABLES } from "./own-variables.ts";

const cidr = z.cidrv4();
const replicas = (min: number, max: number, cpu: number, memoryMiB: number) =>
  z
    .strictObject({
      min: z.int().min(1).max(100),
      max: z.int().min(1).max(100),
      cpu: z.int(),
      memoryMiB: z.int(),
    })
    .refine((given) => given.min <= given.max, { error: "min is above max" })
    .default({ min, max, cpu, memoryMiB });

/** A VPC of the stack's own. */
const madeVpc = z.strictObject({
  cidr: cidr.default("10.60.0.0/16"),
  /** Letters of zones of the region: told and not looked up, so that a synthesis needs no credentials. */
  zones: z
    .array(z.string().regex(/^[a-f]$/))
    .min(2)
    .max(3)
    .default(["a", "b"]),
  natGateways: z.int().min(1).max(3).default(1),
});

/** A VPC that is there: what is not looked up has to be told, so that a synthesis needs no credentials. */
const givenVpc = z.strictObject({
  id: z.string().startsWith("vpc-"),
  cidr,
  zones: z.array(z.string()).min(2),
  publicSubnets: z.array(z.string().startsWith("subnet-")).min(2),
  privateSubnets: z.array(z.string().startsWith("subnet-")).min(2),
});

const environment = z
  .record(z.string().regex(/^[A-Z][A-Z0-9_]+$/), z.string())
  .refine((given) => Object.keys(given).every((name) => !OWN_VARIABLES.includes(name)), {
    error: `names a variable that the stack itself sets: ${OWN_VARIABLES.join(", ")}`,
  });

const SETTINGS = z.strictObject({
  stackName: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]*$/)
    .default("Wharfinger"),
  account: z.string().regex(/^\d{12}$/),
  region: z.string().regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/),
  /** Host of the registry, as in `docker login registry.example.org`. */
  domainName: z.hostname(),
  /** Of Certificate Manager, in the same region, for that name. */
  certificateArn: z.string().startsWith("arn:aws"),
  /** Where the name is made to lead to the load balancer; absent: the stack's output says where it has to lead. */
  hostedZone: z.strictObject({ id: z.string(), name: z.string() }).optional(),
  vpc: z.union([givenVpc, madeVpc]).prefault({}),
  /** Who may connect; nobody logs in by that alone. */
  clients: z.array(cidr).min(1).default(["0.0.0.0/0"]),
  /** Images that were pushed before, as `PREFIX/gateway:TAG`; absent: `cdk deploy` builds them from this checkout. */
  images: z.strictObject({ prefix: z.string(), tag: z.string() }).optional(),
  registryImage: z.string().default("registry:3.1.1"),
  collectorImage: z.string().default("amazon/aws-otel-collector:v0.43.3"),
  architecture: z.enum(["X86_64", "ARM64"]).default("X86_64"),
  database: z
    .strictObject({
      instance: z
        .string()
        .regex(/^[a-z0-9]+\.[a-z0-9]+$/)
        .default("t4g.medium"),
      storageGiB: z.int().min(20).default(50),
      multiAz: z.boolean().default(true),
      backupDays: z.int().min(1).max(35).default(14),
    })
    .prefault({}),
  bucket: z
    .strictObject({
      /** Days for which nobody can remove a version of an object (governance mode); absent: no Object Lock. */
      objectLockDays: z.int().min(1).optional(),
      /** Days for which what the registry deleted can be brought back. */
      deletedDays: z.int().min(1).default(30),
    })
    .prefault({}),
  gateway: replicas(2, 6, 512, 1024),
  tokenServer: replicas(2, 4, 256, 512),
  registry: replicas(2, 6, 512, 1024),
  /** Further variables of the services (docs/configuration.md): logins, rules, limits. */
  environment: z
    .strictObject({ gateway: environment.prefault({}), tokenServer: environment.prefault({}) })
    .prefault({}),
  /** Files of the operator, seen by both services as `/config/NAME`: `{"policy.yaml": "./policy.yaml"}`. */
  files: z.record(z.string().regex(/^[a-z0-9][a-z0-9._-]*$/), z.string()).default({}),
  alarmAddress: z.email().optional(),
  logDays: z
    .literal([
      RetentionDays.ONE_MONTH,
      RetentionDays.THREE_MONTHS,
      RetentionDays.SIX_MONTHS,
      RetentionDays.ONE_YEAR,
    ])
    .default(RetentionDays.THREE_MONTHS),
});

/** What a stack is made of, checked. */
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
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new SettingsError(`${file} cannot be read: ${(error as Error).message}`);
  }
  try {
    return parseSettings(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) throw new SettingsError(`${file}: ${error.message}`);
    throw error;
  }
}

const LOGINS = ["HTTP_TOKENINFO_URL", "LOGINS_FILE", "HTTP_IIDINFO_URL", "HTTP_ALLOW_PUBLIC_READ"];

/** The token server does not start without: better said here than by a deployment that is rolled back. */
function withLogin(settings: Settings): Settings {
  const given = Object.keys(settings.environment.tokenServer);
  if (LOGINS.some((name) => given.includes(name)) || given.includes("AUTHENTICATION"))
    return settings;
  throw new SettingsError(
    `settings refused:\nenvironment.tokenServer has no login, wanted one of ${LOGINS.join(", ")}`,
  );
}
