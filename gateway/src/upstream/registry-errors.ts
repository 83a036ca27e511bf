import { z } from "zod";
import { jsonOrNull } from "#service-kit/json-or-null.js";

const errorsSchema = z.object({
  errors: z.array(z.object({ code: z.string(), detail: z.unknown().optional() })),
});

/** One of the errors in an answer of the registry (OCI distribution-spec, "Error Codes"). */
export interface RegistryError {
  readonly code: string;
  readonly detail?: unknown;
}

/**
 * @param body - body of an answer of the registry
 * @returns the errors that it names; none when it is of another form
 */
export function registryErrors(body: Buffer): readonly RegistryError[] {
  return errorsSchema.safeParse(jsonOrNull(body.toString())).data?.errors ?? [];
}
