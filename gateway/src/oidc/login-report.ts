import { Counter, type Registry } from "prom-client";
import type { Logger } from "#service-kit/log.js";
import { LOGIN_PROBLEMS, type FailedPageLogin } from "./issuers.js";

/** What is told of logins by issuers' pages. */
export interface LoginReport {
  readonly accepted: () => void;
  readonly failed: (failure: FailedPageLogin, requestId: string) => void;
}

/**
 * @param registry - where the metrics are kept
 * @param log - says why each failed
 * @returns what counts how they ended
 */
export function loginReport(registry: Registry, log: Pick<Logger, "warn">): LoginReport {
  const logins = new Counter<"outcome">({
    name: "page_logins_total",
    help: "Logins on the web page by that of an OpenID provider, by how they ended",
    labelNames: ["outcome"],
    registers: [registry],
  });
  // Who watches for growth sees none from nothing to one.
  for (const outcome of ["accepted", ...LOGIN_PROBLEMS]) logins.inc({ outcome }, 0);
  return {
    accepted: () => {
      logins.inc({ outcome: "accepted" });
    },
    failed: ({ problem, message }, requestId) => {
      logins.inc({ outcome: problem });
      log.warn({ event: "page-login.failed", problem, requestId, message });
    },
  };
}
