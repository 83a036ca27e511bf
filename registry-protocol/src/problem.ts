import { FAULTS } from "./fault-catalogue.js";
import { Fault, toFaultReply, type FaultReply } from "./faults.js";

/** RFC 9457, section 3; with what a registry's error says beside it, so that whoever reads that goes on doing so. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
  readonly errors: FaultReply["body"]["errors"];
}

/** RFC 9457, section 6.1. */
export const PROBLEM_TYPE = "application/problem+json";

/**
 * @param error - a {@link Fault}, or anything else, of which nothing but the request id is shown
 * @param requestId - id of the request, as it stands in the log
 * @returns it, as the REST API tells it
 */
export function toProblem(error: unknown, requestId: string): Problem {
  const { status, body } = toFaultReply(error, requestId);
  const code = error instanceof Fault ? error.code : "UNKNOWN";
  const [first] = body.errors;
  return {
    type: `urn:wharfinger:error:${code}`,
    title: FAULTS[code].message,
    status,
    detail: first?.message ?? FAULTS[code].message,
    code: first?.code ?? FAULTS[code].wire,
    requestId,
    errors: body.errors,
  };
}
