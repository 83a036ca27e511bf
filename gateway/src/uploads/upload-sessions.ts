import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { Component } from "#service-kit/run-until-signal.js";
import {
  deleteOldUploadSessions,
  deleteUploadSession,
  insertUploadSession,
  readUploadSession,
  type UploadOwner,
} from "./sql.js";
import { decideUpload, type UploadDecision } from "./upload-rules.js";

/** Who may go on with which upload. */
export interface UploadSessions extends Component {
  /** Notes who started a session. Without a database it is forgotten: then it ends with its token. */
  started(session: string, owner: UploadOwner): Promise<void>;
  /** Forgets a session that came to its end. */
  ended(session: string): Promise<void>;
  /** @throws Fault UNAVAILABLE when an expired token would need a session that cannot be looked up */
  decide(session: string, asking: UploadOwner, tokenExpired: boolean): Promise<UploadDecision>;
}

const HOUR_MILLISECONDS = 3600 * 1000;

/**
 * @param db - where sessions are noted, for all gateways
 * @param capSeconds - how long an upload may take at most
 * @param log - where lost notes are told
 * @returns the sessions
 */
export function uploadSessions(db: Database, capSeconds: number, log: Logger): UploadSessions {
  let timer: NodeJS.Timeout | undefined;
  const tolerate = (event: string) => (error: unknown) => {
    if (!(error instanceof Fault)) throw error;
    log.warn({ event, reason: error.message });
  };
  return {
    name: "upload sessions",
    started: (session, owner) =>
      insertUploadSession(db, session, owner).catch(tolerate("upload.not-noted")),
    ended: (session) => deleteUploadSession(db, session).catch(tolerate("upload.not-forgotten")),
    decide: async (session, asking, tokenExpired) => {
      const started = await readUploadSession(db, session).catch((error: unknown) => {
        // Session names cannot be guessed and the registry signs its state: a good token is enough.
        if (tokenExpired) throw error;
        return null;
      });
      return decideUpload(started, asking, { tokenExpired, capSeconds });
    },
    start: () => {
      timer = setInterval(() => {
        deleteOldUploadSessions(db, capSeconds).catch(tolerate("upload.not-cleaned"));
      }, HOUR_MILLISECONDS);
      return Promise.resolve();
    },
    stop: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}
