import type { NoteRead } from "#audit-log/administrators-reads.js";
import type { AuditActor } from "#audit-log/entry.js";
import { Fault } from "#registry-protocol/faults.js";
import * as operations from "#rest-api/operations/sessions.js";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import { secretOf } from "../sessions/cookie.js";
import type { Person } from "../sessions/list-sql.js";
import type { ListedSessions } from "../sessions/listed-sessions.js";
import { isFromPage } from "../sessions/session-step.js";
import { implement, type Implementation } from "./implement.js";

/** What looking at sessions needs. */
export interface SessionListDeps {
  readonly listed: ListedSessions;
  /** @returns URL under which the client reaches us */
  readonly originOf: (req: HttpRequest) => string;
  readonly isAdministrator: (req: HttpRequest) => Promise<boolean>;
  /** Told of what administrators look at that is others'. */
  readonly administered: NoteRead;
}

/**
 * @param deps - the sessions
 * @returns the operations about logins on the web page, one's own and, for administrators, others'
 */
export function sessionListOperations(deps: SessionListDeps): readonly Implementation[] {
  const { listed, originOf, isAdministrator, administered } = deps;
  const secretIn = (req: HttpRequest) => (isFromPage(req) ? secretOf(req, originOf(req)) : null);
  /** Whose they are: one's own unless an administrator says otherwise. */
  const personIn = async (
    req: HttpRequest,
    actor: AuditActor,
    { realm, uid }: { readonly [K in keyof Person]?: string | undefined },
  ): Promise<Person> => {
    if (realm === undefined || uid === undefined || isSame(actor, { realm, uid })) return actor;
    if (await isAdministrator(req)) return { realm, uid };
    throw new Fault("DENIED", { message: "only administrators (ADMIN_TEAMS) may see others' sessions" }); // prettier-ignore
  };
  return [
    implement(operations.listSessions, async ({ req, actor, query }) => {
      requireSomebody(actor);
      const person = await personIn(req, actor, query);
      if (!isSame(actor, person)) administered({ actor, operation: operations.listSessions.id });
      return { body: { sessions: await listed.list(person, secretIn(req)) } };
    }),
    implement(operations.endSessions, async ({ req, actor, query }) => {
      requireSomebody(actor);
      const person = await personIn(req, actor, query);
      return { body: { ended: await listed.endOthers(actor, person, secretIn(req)) } };
    }),
    implement(operations.endSessionById, async ({ req, actor, path: { id } }) => {
      requireSomebody(actor);
      const anybodys = await isAdministrator(req);
      if (!(await listed.end(actor, id, anybodys ? null : actor)))
        throw new Fault("NOT_FOUND", { message: "you have no such session" });
      return { status: 204 };
    }),
  ];
}

function isSame(one: Person, other: Person): boolean {
  return one.uid === other.uid && one.realm === other.realm;
}

/** Nobody in particular may read, and has no session. */
function requireSomebody({ uid }: AuditActor): void {
  if (uid === "") throw new Fault("UNAUTHORIZED", { message: "log in: nobody in particular has no sessions" }); // prettier-ignore
}
