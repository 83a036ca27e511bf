import type { IncomingMessage } from "node:http";
import type { UploadSessions } from "../uploads/upload-sessions.js";
import type { ExchangeOf } from "./exchange.js";

/** Where the registry's answer to a started upload says its session is (OCI distribution-spec, "Pushing blobs"). */
const SESSION_IN_LOCATION = /\/blobs\/uploads\/([a-zA-Z0-9\-_.=]{1,128})(?:\?|$)/;

/**
 * @param uploads - who started which upload
 * @param exchange - a request that starts one
 * @returns what to do with the registry's answer
 */
export function noteUploadStart(
  uploads: UploadSessions,
  { request, caller }: ExchangeOf<"upload.start">,
): (answer: IncomingMessage) => Promise<void> {
  return async (answer) => {
    const session = SESSION_IN_LOCATION.exec(answer.headers.location ?? "")?.[1];
    if (answer.statusCode !== 202 || session === undefined) return;
    const { kind, realm, subject } = caller;
    await uploads.started(session, { repository: request.repository, kind, realm, subject });
  };
}

/**
 * @param uploads - who started which upload
 * @param exchange - a request that may end one
 * @returns what to do with the registry's answer
 */
export function noteUploadEnd(
  uploads: UploadSessions,
  { req, request }: ExchangeOf<"upload.continue" | "upload.cancel">,
): (answer: IncomingMessage) => Promise<void> {
  return (answer) => {
    const done = req.method === "PUT" ? 201 : 204;
    if (req.method !== "PATCH" && answer.statusCode === done) uploads.ended(request.session);
    return Promise.resolve();
  };
}
