import { z } from "zod";

const ACCOUNT_WANTED = "wanted an account: 12 digits in quotes";
const accountSchema = z.string(ACCOUNT_WANTED).regex(/^\d{12}$/, ACCOUNT_WANTED);

/**
 * @param fileSchema - schema of a path, so that the file's absence is told with the line
 * @returns schema of the logins file's section `machines`
 */
export function machinesSchema(fileSchema: z.ZodType<string>) {
  return z.strictObject({
    /** PEM bundle of the certificates that AWS publishes for the regions. */
    certificatesFile: fileSchema,
    /** AWS signs for everybody: without a list, every customer of AWS could log in. */
    accounts: z.array(accountSchema, "wanted a list of accounts").min(1),
    regions: z.array(z.string().min(1), "wanted a list of regions").min(1),
    /** Since the instance was launched. */
    maxAgeSeconds: z.int().min(60).optional(),
  });
}

/** Which machines may log in. */
export type MachinesConfig = z.output<ReturnType<typeof machinesSchema>>;
