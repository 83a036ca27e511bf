import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import { repeating } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { knownUploads } from "./known-uploads.js";
import {
  deleteOldUploadSessions,
  deleteUploadSessions,
  insertUploadSession,
  readUploadSession,
  type UploadOwner,
} from "./sql.js";
import { decideUpload, type UploadDecision } from "./upload-rules.js";

/** Who may go on with which upload. */
export interface UploadSessions extends Component {
  /** Notes who started a session. Without a database other gateways do not know it: there it ends with its token. */
  started(session: string, owner: UploadOwner): Promise<void>;
  /** Forgets a session that came to its end: here at once, in the database within a second. */
  ended(session: string): void;
  /** @throws Fault UNAVAILABLE when an expired token would need a session that cannot be looked up */
  decide(session: string, asking: UploadOwner, tokenExpired: boolean): Promise<UploadDecision>;
}

const HOUR_MILLISECONDS = 3600 * 1000;
const ENDED_MILLISECONDS = 1000;
/** Most that are forgotten by one statement, and kept to be forgotten: what is left over goes by its age. */
const ENDED_AT_ONCE = 10_000;

/**
 * @param db - where sessions are noted, for all gateways
 * @param capSeconds - how long an upload may take at most
 * @param log - where lost notes are told
 * @returns the sessions
 */
export function uploadSessions(db: Database, capSeconds: number, log: Logger): UploadSessions {
  const known = knownUploads();
  const ended: string[] = [];
  const tolerate = (event: string) => (error: unknown) => {
    if (!(error instanceof Fault)) throw error;
    log.warn({ event, reason: error.message });
  };
  const forget = async (): Promise<number> => {
    const sessions = ended.splice(0);
    if (sessions.length > 0)
      await deleteUploadSessions(db, sessions).catch(tolerate("upload.not-forgotten"));
    return ENDED_MILLISECONDS;
  };
  const forgetting = repeating("ended uploads", ENDED_MILLISECONDS, forget);
  const cleaning = repeating("old uploads", HOUR_MILLISECONDS, async () => {
    await deleteOldUploadSessions(db, capSeconds).catch(tolerate("upload.not-cleaned"));
    return HOUR_MILLISECONDS;
  });
  return {
    name: "upload sessions",
    started: (session, owner) => {
      known.started(session, owner);
      return insertUploadSession(db, session, owner).catch(tolerate("upload.not-noted"));
    },
    ended: (session) => {
      known.ended(session);
      if (ended.length < ENDED_AT_ONCE) ended.push(session);
    },
    decide: async (session, asking, tokenExpired) => {
      const started = await startedBy(session).catch((error: unknown) => {
        // Session names cannot be guessed and the registry signs its state: a good token is enough.
        if (tokenExpired) throw error;
        return null;
      });
      return decideUpload(started, asking, { tokenExpired, capSeconds });
    },
    start: async () => {
      await forgetting.start();
      await cleaning.start();
    },
    stop: async () => {
      await Promise.all([forgetting.stop(), cleaning.stop()]);
      await forget();
    },
  };

  async function startedBy(session: string): ReturnType<typeof readUploadSession> {
    const seen = known.find(session);
    return seen === undefined ? readUploadSession(db, session) : seen;
  }
}
