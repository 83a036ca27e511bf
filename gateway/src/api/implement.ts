import type { ServerResponse } from "node:http";
import type { z } from "zod";
import type { View } from "#access-policy/view.js";
import type { AuditActor } from "#audit-log/entry.js";
import type { Operation } from "#rest-api/operation.js";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import type { RestAnswer } from "#service-kit/http/send-answer.js";

/** Whoever asks. */
export interface Asker {
  /** As the audit log names them; nobody in particular has an empty `uid`. */
  readonly actor: AuditActor;
  /** What they may pull; `null` where the operation goes by another right. */
  readonly view: View | null;
  /** When their login has to be looked at again, in seconds since the epoch; `null`: there was none. */
  readonly validUntil: number | null;
}

/** What of a page is asked for. */
export interface AskedPage<T> {
  readonly limit: number;
  /** Where the one before ended; `null`: it is the first. */
  readonly after: T | null;
}

/** A request for an operation, parsed, of somebody who may ask for it. */
export interface Asked<O extends Operation = Operation> {
  readonly path: z.output<O["parameters"]>;
  readonly query: z.output<O["query"]>;
  readonly body: O["body"] extends z.ZodType ? z.output<O["body"]> : undefined;
  readonly page: O["position"] extends z.ZodType ? AskedPage<z.output<O["position"]>> : null;
  /** Of operations for whoever has a view: theirs. */
  readonly view: O["who"] extends "view" ? View : View | null;
  readonly actor: AuditActor;
  readonly validUntil: number | null;
  readonly req: HttpRequest;
  readonly res: ServerResponse;
}

/** A page of a list: its items, and where it ended if there are more. */
export interface AnsweredPage<T = unknown> {
  readonly items: readonly unknown[];
  /** `null`: these were the last. */
  readonly next: T | null;
}

/** What an operation answers; `"sent"`: it has written the answer itself. */
export type Answered = RestAnswer | { readonly page: AnsweredPage } | "sent";

/** An operation and what answers it. */
export interface Implementation {
  readonly operation: Operation;
  readonly answer: (asked: Asked) => Promise<Answered>;
}

/**
 * @param operation - an operation that the gateway answers
 * @param answer - answers it; throws Faults
 * @returns both, for the table of routes
 */
export function implement<O extends Operation>(
  operation: O,
  answer: (asked: Asked<O>) => Promise<Answered>,
): Implementation {
  // What parses the request is the operation itself: what it asks for is what comes.
  return { operation, answer: answer };
}
