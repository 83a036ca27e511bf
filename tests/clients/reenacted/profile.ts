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
  readonly userAgent: string;
  /** Tried in this order until one is answered 200. */
  readonly tokenWays: readonly TokenWay[];
  /** `null`: it sends none. */
  readonly clientId: string | null;
  readonly formType: string;
  /** Request that it learns the challenge from, before it does anything else; `null`: the first one of the job. */
  readonly probe: { readonly method: string; readonly path: (repository: string) => string } | null;
  /** Whether it sends a body by PATCH before the PUT that ends an upload. */
  readonly patches: boolean;
  /** What it accepts where it reads a manifest. */
  readonly accept: string;
  /** How it deletes a tag; refused that, regctl pushes an image of nothing under it, to delete that. */
  readonly deletes: "by tag, or over it" | "by digest" | "not";
  readonly attaches: boolean;
  readonly pushesImages: boolean;
}

const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";

export const PROFILES: readonly Profile[] = [
  {
    name: "@sigstore/oci (GitHub's attest actions)",
    version: "0.7.2",
    source: "its package on npm",
    userAgent: "npm-registry-fetch/18.0.2/node@v24.0.0+x64 (linux)",
    tokenWays: ["password grant", "basic"],
    clientId: null,
    formType: "application/x-www-form-urlencoded;charset=UTF-8",
    probe: { method: "POST", path: (repository) => `/v2/${repository}/blobs/uploads/` },
    patches: false,
    accept: [INDEX, MANIFEST, DOCKER, DOCKER_LIST].join(","),
    deletes: "not",
    attaches: true,
    pushesImages: false,
  },
  {
    name: "regctl",
    version: "0.8",
    source: "regclient/regclient, `internal/auth`",
    userAgent: "regclient/regctl (v0.8.3)",
    tokenWays: ["refresh token", "basic"],
    clientId: "regclient/regctl (v0.8.3)",
    formType: "application/x-www-form-urlencoded; charset=utf-8",
    probe: null,
    patches: false,
    accept: [INDEX, MANIFEST, DOCKER_LIST, DOCKER].join(", "),
    deletes: "by tag, or over it",
    attaches: true,
    pushesImages: true,
  },
  {
    name: "Jib",
    version: "3.4",
    source: "GoogleContainerTools/jib, `RegistryAuthenticator`",
    userAgent: "jib 3.4.0 jib-maven-plugin",
    tokenWays: ["refresh token"],
    clientId: "jib.da031fe481a93ac107a95a96462358f9",
    formType: "application/x-www-form-urlencoded",
    probe: { method: "GET", path: () => "/v2/" },
    patches: true,
    accept: [MANIFEST, DOCKER, INDEX, DOCKER_LIST].join(","),
    deletes: "not",
    attaches: false,
    pushesImages: true,
  },
  {
    name: ".NET SDK",
    version: "9.0",
    source: "dotnet/sdk, `AuthHandshakeMessageHandler`",
    userAgent: ".NET Container Library v9.0.100",
    tokenWays: ["refresh token"],
    clientId: "netsdkcontainers",
    formType: "application/x-www-form-urlencoded",
    probe: null,
    patches: true,
    accept: ["application/json", INDEX, MANIFEST, DOCKER_LIST, DOCKER].join(", "),
    deletes: "not",
    attaches: false,
    pushesImages: true,
  },
];
