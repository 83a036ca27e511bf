import { z } from "zod";

/**
 * @param fileSchema - schema of a path, so that the file's absence is told with the line
 * @returns schema of the logins file's section `machines`
 */
export function machinesSchema(fileSchema: z.ZodType<string>) {
  return z.strictObject({
    /** PEM bundle of the certificates that AWS publishes for the regions. */
    certificatesFile: fileSchema,
    /** AWS signs for everybody: without a list, every customer of AWS could log in. */
    accounts: z.array(z.string().regex(/^\d{12}$/, "wanted 12 digits in quotes")).min(1),
    regions: z.array(z.string().min(1)).min(1),
    /** Since the instance was launched. */
    maxAgeSeconds: z.int().min(60).optional(),
  });
}

/** Which machines may log in. */
export type MachinesConfig = z.output<ReturnType<typeof machinesSchema>>;
