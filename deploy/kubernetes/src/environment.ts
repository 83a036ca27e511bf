import { z } from "zod";
import { OWN_VARIABLES } from "./own-variables.ts";

/** Variables of an operator: none that the chart sets itself, and no secret, which has to be a file. */
export const environment = z
  .record(z.string().regex(/^[A-Z][A-Z0-9_]+$/), z.string())
  .refine((given) => Object.keys(given).every((one) => !OWN_VARIABLES.includes(one)), {
    error: `names a variable that the chart itself sets: ${OWN_VARIABLES.join(", ")}`,
  })
  .refine((given) => !Object.entries(given).some(isSecret), {
    error: "has a secret, wanted its file: the same variable with _FILE, below /secrets",
  });

/** By its name, or a URL with a password in it, as a proxy's. */
function isSecret([variable, value]: readonly [string, string]): boolean {
  return (
    /(?:PASSWORD|SECRET|SECRET_PREVIOUS|TOKEN|KEY)$/.test(variable) || /:\/\/[^/]*@/.test(value)
  );
}
