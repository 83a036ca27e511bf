/** How one kind of refusal or failure is shown to a client. */
export interface FaultSpec {
  /** HTTP status code. */
  readonly status: number;
  /** Error code on the wire: OCI distribution-spec, section "Error Codes", or the registry's own catalogue. */
  readonly wire: string;
  /** What Pier One says in its place (`TAG_REFUSAL_CODE`): some clients push again then (decision 0013). */
  readonly pierOneWire?: "TAG_INVALID";
  /** Names nothing that a user wrote: it also stands in the status line. */
  readonly message: string;
  /** Seconds a client should wait before it tries again, for faults that pass by themselves. */
  readonly retryAfterSeconds?: number;
}

/** Codes on the wire that a push refused by the rules for tags can have: ours first, then Pier One's. */
export const TAG_REFUSAL_CODES = ["DENIED", "TAG_INVALID"] as const;
/** One of {@link TAG_REFUSAL_CODES}. */
export type TagRefusalCode = (typeof TAG_REFUSAL_CODES)[number];

/** Everything that can go wrong and be told to a client; docs/errors.md explains each entry. */
export const FAULTS = {
  UNAUTHORIZED: { status: 401, wire: "UNAUTHORIZED", message: "authentication required" },
  CROSS_SITE: {
    status: 403,
    wire: "DENIED",
    message: "requests that change something are not taken from pages of other sites",
  },
  TLS_REQUIRED: {
    status: 403,
    wire: "DENIED",
    message: "this registry speaks HTTPS alone: what is sent without it can be read on the way",
  },
  CONTENT_TYPE_WRONG: {
    status: 415,
    wire: "UNSUPPORTED",
    message: "wanted is a body of Content-Type application/json",
  },
  DENIED: { status: 403, wire: "DENIED", message: "requested access to the resource is denied" },
  NAME_INVALID: { status: 400, wire: "NAME_INVALID", message: "invalid repository name" },
  NAME_UNKNOWN: { status: 404, wire: "NAME_UNKNOWN", message: "there is no such repository" },
  TAG_NAME_INVALID: { status: 400, wire: "NAME_INVALID", message: "invalid tag name" },
  TAGS_TOO_MANY: {
    status: 414,
    wire: "UNSUPPORTED",
    message: "a manifest is pushed under 32 tags at once at most",
  },
  TAG_HELD: {
    status: 409,
    wire: "DENIED",
    pierOneWire: "TAG_INVALID",
    message: "tag already exists",
  },
  TAG_DELETED: {
    status: 409,
    wire: "DENIED",
    pierOneWire: "TAG_INVALID",
    message: "tag was deleted; only the same image may return",
  },
  TAG_FORBIDDEN: {
    status: 409,
    wire: "DENIED",
    pierOneWire: "TAG_INVALID",
    message: "tag may not be pushed",
  },
  SCM_SOURCE_REQUIRED: {
    status: 403,
    wire: "DENIED",
    message: "the rules for tags want to know the image's SCM source",
  },
  SCM_SOURCE_UNKNOWN: {
    status: 422,
    wire: "UNSUPPORTED",
    message: "the image has no SCM source",
  },
  DIGEST_INVALID: { status: 400, wire: "DIGEST_INVALID", message: "invalid digest" },
  DIGEST_MISMATCH: {
    status: 400,
    wire: "DIGEST_INVALID",
    message: "provided digest did not match uploaded content",
  },
  MANIFEST_INVALID: { status: 400, wire: "MANIFEST_INVALID", message: "manifest invalid" },
  MANIFEST_TOO_LARGE: {
    status: 413,
    wire: "DENIED",
    message: "manifest is larger than 4 MiB",
  },
  MANIFEST_UNKNOWN: { status: 404, wire: "MANIFEST_UNKNOWN", message: "manifest unknown" },
  MANIFEST_UNREADABLE: {
    status: 404,
    wire: "MANIFEST_UNKNOWN",
    message: "the registry cannot read what is stored under this name",
  },
  MANIFEST_PART_UNKNOWN: {
    status: 404,
    wire: "MANIFEST_BLOB_UNKNOWN",
    message: "a manifest that the index needs is not there; push it first",
  },
  UPLOAD_INVALID: { status: 400, wire: "BLOB_UPLOAD_INVALID", message: "blob upload invalid" },
  UPLOAD_UNKNOWN: {
    status: 404,
    wire: "BLOB_UPLOAD_UNKNOWN",
    message: "blob upload unknown to registry",
  },
  CHUNK_OUT_OF_ORDER: {
    status: 416,
    wire: "BLOB_UPLOAD_INVALID",
    message: "the chunk does not follow what was uploaded before",
  },
  CHUNK_SIZE_INVALID: {
    status: 400,
    wire: "SIZE_INVALID",
    message: "the chunk is not as long as Content-Range says",
  },
  BODY_INCOMPLETE: {
    status: 400,
    wire: "SIZE_INVALID",
    message: "the request body ended before its announced length",
  },
  BODY_TOO_LARGE: {
    status: 413,
    wire: "SIZE_INVALID",
    message: "the request's body is too large",
  },
  BODY_TOO_SLOW: {
    status: 408,
    wire: "UNSUPPORTED",
    message: "the request's body did not arrive in time",
    retryAfterSeconds: 5,
  },
  REQUEST_INVALID: { status: 400, wire: "UNSUPPORTED", message: "the request is not valid" },
  PAGE_INVALID: {
    status: 400,
    wire: "UNSUPPORTED",
    message: "invalid number of results requested",
  },
  RANGE_INVALID: {
    status: 416,
    wire: "SIZE_INVALID",
    message: "the blob has no such part, or Range is not of its form",
  },
  PRECONDITION_FAILED: {
    status: 412,
    wire: "DENIED",
    message: "it is not what If-Match or If-None-Match asks for",
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    wire: "UNSUPPORTED",
    message: "the request has more than 100 headers, or more than 32 KiB of them",
  },
  EXPECTATION_FAILED: {
    status: 417,
    wire: "UNSUPPORTED",
    message: "the only expectation that can be met is 100-continue",
  },
  REQUEST_TIMEOUT: {
    status: 408,
    wire: "UNSUPPORTED",
    message: "the request's head did not arrive in time",
  },
  ROUTE_UNKNOWN: { status: 404, wire: "UNSUPPORTED", message: "no such registry endpoint" },
  NOT_FOUND: { status: 404, wire: "NOT_FOUND", message: "there is no such thing" },
  CONFLICT: { status: 409, wire: "CONFLICT", message: "it exists already" },
  METHOD_UNSUPPORTED: { status: 405, wire: "UNSUPPORTED", message: "the method is not supported" },
  DELETE_DISABLED: {
    status: 405,
    wire: "UNSUPPORTED",
    message: "deletion is off: images are kept as deployment evidence",
  },
  TAG_NOT_DELETABLE: {
    status: 403,
    wire: "DENIED",
    message: "the rules for tags do not let it be deleted",
  },
  MANIFEST_NEEDED: { status: 409, wire: "DENIED", message: "tags still need this manifest" },
  MANIFEST_IN_USE: { status: 409, wire: "DENIED", message: "this image is in use" },
  TOO_MANY_REQUESTS: {
    status: 429,
    wire: "TOOMANYREQUESTS",
    message: "too many requests",
    retryAfterSeconds: 10,
  },
  UNAVAILABLE: {
    status: 503,
    wire: "UNAVAILABLE",
    message: "the service is unavailable for the moment, try again",
    retryAfterSeconds: 5,
  },
  /** Long enough that clients do not hammer, short enough that a push goes on soon after the change back. */
  READ_ONLY: {
    status: 503,
    wire: "UNAVAILABLE",
    message: "read-only for now, try again later",
    retryAfterSeconds: 30,
  },
  UNKNOWN: { status: 500, wire: "UNKNOWN", message: "internal error" },
} as const satisfies Record<string, FaultSpec>;

/** Name of one entry of the catalogue. */
export type FaultCode = keyof typeof FAULTS;
