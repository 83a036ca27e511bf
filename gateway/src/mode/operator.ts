import { hostname, userInfo } from "node:os";
import type { AuditActor } from "#audit-log/entry.js";

/** @returns whoever runs this command, for the audit log */
export function operator(): AuditActor {
  const where = { address: hostname(), userAgent: "", requestId: "" };
  return { uid: userInfo().username, realm: "", kind: "command", ...where };
}
