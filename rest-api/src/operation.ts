import type { z } from "zod";
import type { Group } from "./groups.js";

/** Below which path all operations are. */
export const API = "/api/v1";

/**
 * Who may ask for an operation:
 * - `nobody-in-particular`: whoever comes;
 * - `view`: whoever may log in, or reads as nobody in particular; of a repository in the path only what they may pull;
 * - `pull`, `push`, `delete`: whoever may do that to the repository in the path;
 * - `administrator`: members of `ADMIN_TEAMS`;
 * - `login`: whoever logs in; what they may do is for the operation to say.
 */
export type Who =
  "nobody-in-particular" | "view" | "pull" | "push" | "delete" | "administrator" | "login";

/** Parameters of a path or of a query. */
export type Parameters = z.ZodObject;

/** One kind of answer. */
export interface AnswerSpec {
  readonly description: string;
  /** What its JSON is; `null`: it has no body. */
  readonly schema: z.ZodType | null;
  /** Content types of what is no JSON. */
  readonly streams?: readonly string[];
  /** Of a stream what one thing in it can be, by name; absent: it is described in words alone. */
  readonly items?: Readonly<Record<string, z.ZodType>>;
}

/** One operation of the REST API: what routes it, parses it, and describes it in the OpenAPI document. */
export interface Operation<
  W extends Who = Who,
  P extends Parameters = Parameters,
  Q extends Parameters = Parameters,
  B extends z.ZodType | null = z.ZodType | null,
  C extends z.ZodType | null = z.ZodType | null,
> {
  /** `things.verb`: also its name in logs and metrics, and what its example is called. */
  readonly id: string;
  /** `GET` also answers `HEAD`. */
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below {@link API}, with `{parameters}`; `{repository}` may have slashes. */
  readonly path: string;
  /** Which service answers it. */
  readonly by: "gateway" | "token-server";
  readonly who: W;
  /** Under which heading it stands. */
  readonly group: Group;
  readonly summary: string;
  readonly description?: string;
  readonly parameters: P;
  readonly query: Q;
  /** Headers that say what is wanted; absent: none but those of HTTP. */
  readonly headers?: Parameters;
  /** The JSON that it takes; `null`: a body is refused. */
  readonly body: B;
  /** Most bytes of it; absent: as many as small ones need. */
  readonly bodyBytes?: number;
  /** Of a list that is answered by page: what says where a page ends; `null`: it is no such list. */
  readonly position: C;
  /** What is not its own answer is a problem (RFC 9457), and not said here. */
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  /** Of methods that somebody could look for: why there is none. */
  readonly refuses?: Readonly<Record<string, string>>;
}

/** What an operation may leave out. */
type Said<
  W extends Who,
  P extends Parameters,
  Q extends Parameters,
  B extends z.ZodType | null,
  C extends z.ZodType | null,
> = Omit<Operation<W, P, Q, B, C>, "body" | "position"> & {
  readonly body?: B;
  readonly position?: C;
};

/**
 * @param said - an operation; without `body` it takes none, without `position` it is no list by page
 * @returns it, its types kept
 */
export function operation<
  const W extends Who,
  P extends Parameters,
  Q extends Parameters,
  B extends z.ZodType | null = null,
  C extends z.ZodType | null = null,
>(said: Said<W, P, Q, B, C>): Operation<W, P, Q, B, C> {
  const { body = null, position = null } = said;
  return { ...said, body: body as B, position: position as C };
}
