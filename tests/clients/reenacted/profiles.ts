import type { Profile } from "./profile.js";

const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const FORM = "application/x-www-form-urlencoded";

const SIGSTORE: Omit<Profile, "name" | "user" | "tokenWays"> = {
  version: "0.7.2",
  source: "its package on npm, and what it sent",
  headers: {
    accept: "*/*",
    "user-agent": "minipass-fetch/6.0.1 (+https://github.com/isaacs/minipass-fetch)",
    "accept-encoding": "gzip,deflate",
  },
  clientId: null,
  form: {
    type: `${FORM};charset=UTF-8`,
    order: ["service", "scope", "username", "password", "grant_type"],
    encodes: true,
  },
  probe: { method: "POST", path: (repository) => `/v2/${repository}/blobs/uploads/` },
  patches: false,
  accept: [INDEX, MANIFEST, DOCKER, DOCKER_LIST].join(","),
  deletes: "not",
  attaches: "if it matches",
  pushesImages: false,
};

/** Clients that this project's machines do not have. */
export const PROFILES: readonly Profile[] = [
  {
    ...SIGSTORE,
    name: "@sigstore/oci (GitHub's attest actions)",
    user: "oauth2",
    tokenWays: ["basic"],
  },
  {
    ...SIGSTORE,
    name: "@sigstore/oci beside a credential helper",
    user: "<token>",
    tokenWays: ["password grant", "basic"],
  },
  {
    name: "regctl",
    version: "0.8",
    source: "regclient/regclient, `internal/auth`",
    headers: { "user-agent": "regclient/regctl (v0.8.3)" },
    user: "oauth2",
    tokenWays: ["refresh token", "basic"],
    clientId: "regclient/regctl (v0.8.3)",
    form: {
      type: `${FORM}; charset=utf-8`,
      order: ["client_id", "grant_type", "refresh_token", "scope", "service"],
      encodes: true,
    },
    probe: null,
    patches: false,
    accept: [INDEX, MANIFEST, DOCKER_LIST, DOCKER].join(", "),
    deletes: "by tag, or over it",
    attaches: "in any case",
    pushesImages: true,
  },
  {
    name: "Jib",
    version: "3.4",
    source: "GoogleContainerTools/jib, `RegistryAuthenticator`",
    headers: { "user-agent": "jib 3.4.0 jib-maven-plugin" },
    user: "<token>",
    tokenWays: ["refresh token"],
    clientId: "jib.da031fe481a93ac107a95a96462358f9",
    form: {
      type: FORM,
      order: ["service", "scope", "client_id", "grant_type", "refresh_token"],
      encodes: false,
    },
    probe: { method: "GET", path: () => "/v2/" },
    patches: true,
    accept: [MANIFEST, DOCKER, INDEX, DOCKER_LIST].join(","),
    deletes: "not",
    attaches: "not",
    pushesImages: true,
  },
  {
    name: ".NET SDK",
    version: "9.0",
    source: "dotnet/sdk, `AuthHandshakeMessageHandler`",
    headers: { "user-agent": ".NET Container Library v9.0.100" },
    user: "oauth2",
    tokenWays: ["refresh token"],
    clientId: "netsdkcontainers",
    form: {
      type: FORM,
      order: ["client_id", "grant_type", "refresh_token", "service", "scope"],
      encodes: true,
    },
    probe: null,
    patches: true,
    accept: ["application/json", INDEX, MANIFEST, DOCKER_LIST, DOCKER].join(", "),
    deletes: "not",
    attaches: "not",
    pushesImages: true,
  },
];
