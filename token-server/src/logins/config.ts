import { accessSync, constants } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { parseYaml, readYamlFile } from "#service-kit/yaml-file.js";
import { htpasswdSchema } from "../identity/htpasswd/htpasswd-schema.js";
import { ldapSchema } from "../identity/ldap/ldap-schema.js";
import { machinesSchema } from "../identity/machine/machine-schema.js";
import { issuerSchema } from "../identity/oidc/issuer-schema.js";
import { cacheSecondsSchema, realmSchema } from "../identity/setting-schemas.js";
import { teamNameSchema } from "../identity/team-mapping.js";
import { parseMember } from "../teams/member.js";
import { DEFAULT_CACHE_SECONDS } from "../identity/tokeninfo/tokeninfo.js";

const MAX_STALE_SECONDS = 24 * 60 * 60;
const DEFAULT_STALE_SECONDS = 60 * 60;

const memberSchema = z
  .string()
  .refine(
    (text) => parseMember(text) !== null,
    "wanted a member: /realm/uid, such as /employees/alice",
  );

/** Sections of the logins file; a login whose section is absent is off. */
function loginsSchema(folder: string) {
  const fileSchema = readableFile(folder);
  return z.strictObject({
    tokeninfo: z
      .strictObject({
        cacheSeconds: cacheSecondsSchema.default(DEFAULT_CACHE_SECONDS),
        /** What the service may say; absent: every realm that no other source has. */
        realms: z.array(realmSchema).min(1).optional(),
      })
      .prefault({}),
    teamService: z
      .strictObject({
        /** How old an answer may be while the service is down. */
        staleSeconds: z.int().min(0).max(MAX_STALE_SECONDS).default(DEFAULT_STALE_SECONDS),
      })
      .prefault({}),
    oidc: z.array(issuerSchema(fileSchema)).default([]).superRefine(refuseDuplicates),
    machines: machinesSchema(fileSchema).optional(),
    htpasswd: htpasswdSchema(fileSchema).optional(),
    ldap: ldapSchema(fileSchema).optional(),
    teams: z.record(teamNameSchema, z.array(memberSchema)).default({}),
    /** Realms of several sources, where the same uid is the same person in all of them. */
    sharedRealms: z.array(realmSchema).default([]),
    anonymous: z.strictObject({ namespaces: z.array(teamNameSchema).min(1) }).optional(),
  });
}

/** Which logins there are, and how each is verified. */
export type Logins = z.output<ReturnType<typeof loginsSchema>>;

/**
 * @param path - the logins file, or `null` when there is none
 * @returns its content; without a file, what holds when every section is absent
 * @throws YamlFileError with lines `path:line: key: what is wrong`
 */
export function readLogins(path: string | null): Logins {
  if (path === null) return loginsSchema(".").parse({});
  return readYamlFile(path, loginsSchema(dirname(path)));
}

/**
 * @param path - the logins file; paths in it are relative to it
 * @param text - its content
 * @returns it, checked
 * @throws YamlFileError with lines `path:line: key: what is wrong`
 */
export function parseLogins(path: string, text: string): Logins {
  return parseYaml(path, text, loginsSchema(dirname(path)));
}

/** Paths in the file are relative to it; a secret is only ever in a file of its own. */
function readableFile(folder: string): z.ZodType<string> {
  return z.string().transform((path, context) => {
    const file = resolve(folder, path);
    try {
      accessSync(file, constants.R_OK);
    } catch {
      context.addIssue({ code: "custom", message: `wanted a file that can be read: ${file}` });
    }
    return file;
  });
}

function refuseDuplicates(issuers: readonly { issuer: string }[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [index, { issuer }] of issuers.entries()) {
    if (seen.has(issuer))
      context.addIssue({
        code: "custom",
        path: [index, "issuer"],
        message: "this issuer is in the list twice",
      });
    seen.add(issuer);
  }
}
