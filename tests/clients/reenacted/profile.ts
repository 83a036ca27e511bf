/** How a client asks for a token with what `docker login` stored. */
export type TokenWay =
  /** `POST`, `grant_type=refresh_token`. */
  | "refresh token"
  /** `POST`, `grant_type=password`, the refresh token as password. */
  | "password grant"
  /** `GET`, `Authorization: Basic`, the refresh token as password. */
  | "basic";

/** A client as its requests: what differs between clients, from their public sources. */
export interface Profile {
  readonly name: string;
  readonly version: string;
  /** Where its requests are read from. */
  readonly source: string;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** User name beside what docker stored: the one that logged in, or `<token>`, as credential helpers have it. */
  readonly user: "oauth2" | "<token>";
  /** Tried in this order until one is answered 200. */
  readonly tokenWays: readonly TokenWay[];
  /** `null`: it sends none. */
  readonly clientId: string | null;
  readonly form: {
    readonly type: string;
    /** Fields that it can have, in the order in which it writes them. */
    readonly order: readonly string[];
    /** Whether values are percent-encoded, as they have to be. */
    readonly encodes: boolean;
  };
  /** Request that it learns the challenge from, before it does anything else; `null`: the first one of the job. */
  readonly probe: { readonly method: string; readonly path: (repository: string) => string } | null;
  /** Whether it sends a body by PATCH before the PUT that ends an upload. */
  readonly patches: boolean;
  /** What it accepts where it reads a manifest. */
  readonly accept: string;
  /** How it deletes a tag; refused that, regctl pushes an image of nothing under it, to delete that. */
  readonly deletes: "by tag, or over it" | "by digest" | "not";
  /** How it puts the list of referrers back that it has read: with `If-Match`, or as it is. */
  readonly attaches: "if it matches" | "in any case" | "not";
  readonly pushesImages: boolean;
}
