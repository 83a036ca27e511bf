import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import type { GatewayConfig } from "../../config/config.js";
import { bad, good, look, reasonOf, type Finding } from "./finding.js";

const endpointSchema = z.looseObject({
  url: z.string(),
  disabled: z.boolean().optional(),
  headers: z.record(z.string(), z.array(z.string())).optional(),
});
const s3Schema = z.looseObject({
  bucket: z.string(),
  region: z.string().optional(),
  regionendpoint: z.string().nullish(),
  secure: z.boolean().nullish(),
  forcepathstyle: z.boolean().nullish(),
});
const fileSchema = z.looseObject({
  log: z.looseObject({ level: z.string().optional() }).nullish(),
  storage: z.looseObject({
    s3: s3Schema.nullish(),
    delete: z.looseObject({ enabled: z.boolean().optional() }).nullish(),
    maintenance: z
      .looseObject({ readonly: z.looseObject({ enabled: z.boolean().optional() }).nullish() })
      .nullish(),
  }),
  http: z
    .looseObject({ relativeurls: z.boolean().optional(), secret: z.string().optional() })
    .nullish(),
  auth: z
    .looseObject({
      token: z
        .looseObject({
          service: z.string().optional(),
          issuer: z.string().optional(),
          rootcertbundle: z.string().optional(),
        })
        .nullish(),
    })
    .nullish(),
  notifications: z.looseObject({ endpoints: z.array(endpointSchema).nullish() }).nullish(),
  proxy: z.looseObject({ remoteurl: z.string().nullish() }).nullish(),
  validation: z
    .looseObject({
      manifests: z
        .looseObject({
          indexes: z.looseObject({ platforms: z.string().optional() }).nullish(),
        })
        .nullish(),
    })
    .nullish(),
});

type RegistryFile = z.output<typeof fileSchema>;
/** Where a registry keeps blobs that are in a bucket. */
export type S3Settings = z.output<typeof s3Schema>;
type Config = Pick<GatewayConfig, "upstreamService" | "upstreamIssuer" | "notifications">;

const CHECK = "registry file";
const MADE = "npm run registry-config makes one that fits (registry-config/README.md)";

/**
 * @param path - configuration file of the registry
 * @param config - the gateway's
 * @returns whether both say the same, and where its blobs are if that is a bucket; nothing secret stands in it
 */
export function checkRegistryFile(
  path: string,
  config: Config,
): { readonly findings: readonly Finding[]; readonly s3: S3Settings | null } {
  const file = readFile(path);
  if (typeof file === "string") return { findings: [bad(CHECK, file, MADE)], s3: null };
  const findings = [ofAuth(file, config), ofNotifications(file, config), ...ofHabits(file)].filter(
    (one) => one !== null,
  );
  return { findings, s3: file.storage.s3 ?? null };
}

function readFile(path: string): RegistryFile | string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return `${path} cannot be read: ${reasonOf(error)}`;
  }
  try {
    const parsed = fileSchema.safeParse(parse(text));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    return `${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is wrong"}`;
  } catch {
    // The parser would show the line, and secrets stand in it.
    return `${path} is no YAML`;
  }
}

function ofAuth({ auth }: RegistryFile, config: Config): Finding {
  const check = "registry file: auth";
  const token = auth?.token ?? null;
  if (token === null)
    return bad(check, "no auth.token: whoever reaches the registry may do anything", MADE);
  const wrong = [
    ...(token.service === config.upstreamService ? [] : ["service is not UPSTREAM_SERVICE"]),
    ...(token.issuer === config.upstreamIssuer ? [] : ["issuer is not UPSTREAM_ISSUER"]),
    ...(token.rootcertbundle === undefined ? ["no rootcertbundle"] : []),
  ];
  if (wrong.length > 0) return bad(check, `auth.token: ${wrong.join(", ")}`, MADE);
  return good(check, "issuer and service are the gateway's");
}

function ofNotifications({ notifications }: RegistryFile, config: Config): Finding {
  const check = "registry file: webhook";
  const { port, secrets } = config.notifications;
  const todo = "its notifications go to NOTIFICATION_PORT, with the secret (docs/notifications.md)";
  const endpoints = notifications?.endpoints?.filter(({ disabled }) => disabled !== true) ?? [];
  if (endpoints.length === 0)
    return bad(check, "it tells nobody: what is pushed past the gateway goes unseen", todo);
  const ours = endpoints.find(({ url }) => URL.canParse(url) && isHook(new URL(url)));
  if (ours === undefined) return bad(check, "no endpoint of it ends in /hooks/registry", todo);
  const { port: named, host } = new URL(ours.url);
  if (Number(named || 80) !== port)
    return look(check, `it goes to ${host}, and the gateway takes them on ${port}`, todo);
  const shown = Object.entries(ours.headers ?? {}).find(([name]) => /^authorization$/i.test(name));
  const isKnown = secrets.some((secret) => shown?.[1][0] === `Bearer ${secret.reveal()}`);
  if (!isKnown) return bad(check, "its Authorization is not NOTIFICATION_SECRET", todo);
  return good(check, `it goes to ${host}, with the secret`);
}

function isHook({ pathname }: URL): boolean {
  return pathname === "/hooks/registry";
}

function ofHabits({ log, storage, http, proxy, validation }: RegistryFile): (Finding | null)[] {
  const level = log?.level ?? "info";
  return [
    http?.relativeurls === true
      ? null
      : look(
          `${CHECK}: http`,
          "relativeurls is off",
          "relativeurls: true, or its addresses get out",
        ),
    http?.secret !== undefined
      ? null
      : look(
          `${CHECK}: http`,
          "no http.secret",
          "the same for all processes, here or in REGISTRY_HTTP_SECRET; else uploads break off when one takes another's",
        ),
    storage.delete?.enabled === true
      ? null
      : bad(
          `${CHECK}: storage`,
          "delete is off",
          "storage.delete.enabled: true; the gateway decides who may",
        ),
    storage.maintenance?.readonly?.enabled === true
      ? bad(
          `${CHECK}: storage`,
          "it is read-only",
          "maintenance.readonly off; wharf mode read-only is told to clients",
        )
      : null,
    ["warn", "error"].includes(level)
      ? null
      : bad(
          `${CHECK}: log`,
          `level is ${level}: it prints the notification secret at its start`,
          "log.level: warn, and a new secret",
        ),
    validation?.manifests?.indexes?.platforms?.toLowerCase() === "none"
      ? null
      : look(
          `${CHECK}: validation`,
          "of the line 3, it takes no index that calls manifests by sha512",
          "validation.manifests.indexes.platforms: none; the gateway looks for what an index names",
        ),
    proxy?.remoteurl == null
      ? null
      : bad(
          `${CHECK}: proxy`,
          "it is a mirror of another registry",
          "take proxy out: nothing of it would be on record",
        ),
  ];
}
