import { z } from "zod";
import { cacheSecondsSchema, realmSchema } from "../setting-schemas.js";
import { isAmbiguous, teamMappingShape } from "../team-mapping.js";
import { filterSchema } from "./filter.js";

const nameSchema = z.string().min(1);
const ONE_MAPPING = { message: "wanted one of map, prefix and pattern" };

const groupsSchema = z
  .strictObject({
    base: nameSchema,
    /** For example `(member=${dn})` or `(memberUid=${uid})`. */
    filter: filterSchema(["dn", "uid", "username"]),
    attribute: nameSchema.default("cn"),
    ...teamMappingShape,
  })
  .refine((groups) => !isAmbiguous(groups), ONE_MAPPING);

const memberOfSchema = z
  .strictObject({ attribute: nameSchema.default("memberOf"), ...teamMappingShape })
  .refine((memberOf) => !isAmbiguous(memberOf), ONE_MAPPING);

/**
 * @param fileSchema - schema of a path, so that the file's absence is told with the line
 * @returns schema of the logins file's section `ldap`
 */
export function ldapSchema(fileSchema: z.ZodType<string>) {
  return z
    .strictObject({
      url: z.url({ protocol: /^ldaps?$/, error: "wanted an ldap:// or ldaps:// URL" }),
      startTls: z.boolean().default(false),
      caFile: fileSchema.optional(),
      /** Passwords may cross the network in the clear. */
      allowPlaintext: z.boolean().default(false),
      /** Who searches; nobody in particular when absent. */
      bindDn: nameSchema.optional(),
      bindPasswordFile: fileSchema.optional(),
      base: nameSchema,
      filter: filterSchema(["username"]).prefault("(uid=${username})"),
      uidAttribute: nameSchema.default("uid"),
      realm: realmSchema.default("/employees"),
      groups: groupsSchema.optional(),
      memberOf: memberOfSchema.optional(),
      timeoutSeconds: z.int().min(1).max(30).default(5),
      cacheSeconds: cacheSecondsSchema.default(60),
    })
    .superRefine((ldap, context) => {
      const refuse = (key: string, message: string) => {
        context.addIssue({ code: "custom", path: [key], message });
      };
      if (ldap.startTls && ldap.url.startsWith("ldaps:"))
        refuse("startTls", "ldaps:// has TLS from the start: wanted ldap:// with startTls");
      if (!ldap.startTls && !ldap.allowPlaintext && !isPrivate(ldap.url))
        refuse("url", "wanted ldaps://, or startTls: true (or allowPlaintext: true)");
      if ((ldap.bindDn === undefined) !== (ldap.bindPasswordFile === undefined))
        refuse("bindDn", "wanted bindDn and bindPasswordFile, or neither");
      if (ldap.groups !== undefined && ldap.memberOf !== undefined)
        refuse("memberOf", "wanted one of groups and memberOf");
    });
}

/** How to reach the directory, and what its entries mean. */
export type LdapConfig = z.output<ReturnType<typeof ldapSchema>>;

function isPrivate(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "ldaps:" || hostname === "localhost" || /^127\.|^\[::1\]$/.test(hostname);
}
