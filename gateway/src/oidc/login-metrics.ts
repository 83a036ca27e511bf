import { Counter, type Registry } from "prom-client";
import { LOGIN_PROBLEMS, type LoginProblem } from "./issuers.js";

/**
 * @param registry - where the metrics are kept
 * @returns what is told how each login by an issuer's page ended
 */
export function loginMetrics(registry: Registry): (outcome: LoginProblem | "accepted") => void {
  const logins = new Counter<"outcome">({
    name: "page_logins_total",
    help: "Logins on the web page by that of an OpenID provider, by how they ended",
    labelNames: ["outcome"],
    registers: [registry],
  });
  // Who watches for growth sees none from nothing to one.
  for (const outcome of ["accepted", ...LOGIN_PROBLEMS]) logins.inc({ outcome }, 0);
  return (outcome) => {
    logins.inc({ outcome });
  };
}
