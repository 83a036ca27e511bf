import { z } from "zod";
import { cacheSecondsSchema, realmSchema } from "../setting-schemas.js";

/**
 * @param fileSchema - schema of a path, so that the file's absence is told with the line
 * @returns schema of the logins file's section `htpasswd`
 */
export function htpasswdSchema(fileSchema: z.ZodType<string>) {
  return z.strictObject({
    file: fileSchema,
    realm: realmSchema.default("/employees"),
    cacheSeconds: cacheSecondsSchema.default(60),
  });
}

/** The password file, and what its users are. */
export type HtpasswdConfig = z.output<ReturnType<typeof htpasswdSchema>>;
