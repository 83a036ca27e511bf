import type { AuditActor, AuditEntry } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Tally } from "#audit-log/tally.js";
import { visible } from "#registry-protocol/text.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { EndReason } from "./refusals.js";
import type { Owner } from "./sql.js";

/** Where from, by which program, and in which request. */
export interface RefreshOrigin {
  readonly address: string;
  readonly userAgent: string;
  readonly requestId: string;
}

/** Puts on record which logins are kept, and which are no more. */
export interface RefreshRecord {
  /** One was made, and so many of the same owner ended for it. */
  made(owner: Owner, clientId: string, pushedOut: number, from: RefreshOrigin): void;
  /** One was shown and has ended by that. */
  ended(
    owner: Omit<Owner, "kind"> & { kind: string | null },
    reason: EndReason,
    from: RefreshOrigin,
  ): void;
  /** Their owner has ended one, or all, in this transaction. */
  revoked(
    tx: Queryable,
    actor: AuditActor,
    ended: { readonly id: string | null; readonly tokens: number },
  ): Promise<void>;
}

const MOST_CHARACTERS = 100;
const ABOUT_NOTHING = { repository: null, tag: null, digest: null } as const;

/**
 * Pipelines log in by the thousand, so what is made and what ends by that is counted; what somebody ends is an entry each.
 *
 * @param tally - counts
 * @param audit - writes the audit log
 * @returns what puts them on record
 */
export function recordTokens(tally: Pick<Tally, "note">, audit: RecordAudit): RefreshRecord {
  const note = (actor: AuditActor, what: Pick<AuditEntry, "action" | "reason" | "detail">) => {
    tally.note({ ...what, ...ABOUT_NOTHING, actor });
  };
  return {
    made: (owner, clientId, pushedOut, from) => {
      const actor = actorOf(owner, from);
      const client = visible(clientId.split(" ", 1)[0] ?? "", MOST_CHARACTERS);
      note(actor, {
        action: "token.created",
        reason: "a client keeps the login",
        detail: { client },
      });
      for (let ended = 0; ended < pushedOut; ended += 1)
        note(actor, { action: "token.ended", reason: "pushed-out", detail: {} });
    },
    ended: ({ kind, realm, uid }, reason, from) => {
      const actor = actorOf({ uid, realm, kind: kind ?? "not known" }, from);
      note(actor, { action: "token.ended", reason, detail: {} });
    },
    revoked: (tx, actor, { id, tokens }) =>
      audit(tx, {
        ...{ action: "token.ended", actor, ...ABOUT_NOTHING, reason: "revoked" },
        detail: { ...(id === null ? {} : { id }), tokens },
      }),
  };
}

function actorOf(
  { uid, realm, kind }: Owner,
  { address, userAgent, requestId }: RefreshOrigin,
): AuditActor {
  return { uid, realm, kind, address, userAgent, requestId };
}
