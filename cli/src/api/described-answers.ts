import { CommandFault } from "../exit/faults.js";
import type { Client } from "./client.js";
import type { components, operations } from "../../../rest-api/described.js";

/** An operation of the REST API, by its name in the OpenAPI document. */
export type OperationId = keyof operations;

type Json<Responses, Status> = Status extends keyof Responses
  ? Responses[Status] extends { content: { "application/json": infer Body } }
    ? Body
    : never
  : never;

/** What an operation answers, as the document says. */
export type AnswerOf<Id extends OperationId> = Json<operations[Id]["responses"], 200 | 201>;

/** One of a list that comes by page. */
export type ItemOf<Id extends OperationId> =
  AnswerOf<Id> extends { items: readonly (infer Item)[] } ? Item : never;

/** Something that the document names. */
export type Named<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** The JSON that an operation takes. */
export type BodyOf<Id extends OperationId> = operations[Id] extends {
  requestBody?: { content: { "application/json": infer Body } };
}
  ? Body
  : undefined;

/** One request, and the operation that it is for. */
export interface AskedOperation<Id extends OperationId> {
  readonly id: Id;
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `/api/v1`, with its query. */
  readonly path: string;
  readonly body?: BodyOf<Id>;
  /** A token for this is got first, as clients of a registry do: `repository:alpha/app:pull`. */
  readonly scope?: string;
  /** How long is waited for the answer; absent: as for any other. */
  readonly seconds?: number;
}

/**
 * @param client - registry
 * @param asked - which operation, and of what
 * @returns what it answers, of the form that the document says
 * @throws ServerRefusal; CommandFault when the registry cannot be reached, or answers no JSON
 */
export async function callAs<Id extends OperationId>(
  client: Pick<Client, "call">,
  { method = "GET", path, body, scope, seconds }: AskedOperation<Id>,
): Promise<AnswerOf<Id>> {
  const signal = seconds === undefined ? undefined : AbortSignal.timeout(seconds * 1_000);
  const answer = await client.call(method, path, body, scope, signal);
  if (typeof answer === "object" && answer !== null) return answer as AnswerOf<Id>;
  throw otherForm();
}

/** @returns what ends a command whose answer is not what the document says */
export function otherForm(): CommandFault {
  return new CommandFault(
    "the answer has another form: is the gateway older or newer than this wharf?",
  );
}

/**
 * @param path - below `/api/v1`
 * @param query - its parameters, undefined ones left out
 * @returns both as one
 */
export function withQuery(
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) said.set(name, String(value));
  return said.size === 0 ? path : `${path}?${said.toString()}`;
}
