import { z } from "zod";
import { jsonOrNull } from "#service-kit/json-or-null.js";

/** What the registry says of something that it could not read. */
export interface ReadVerdict {
  readonly reason: string;
  /**
   * Whether that is said of whole content: a registry that writes files in place reads half of one, or nothing, while
   * it does so.
   */
  readonly isWhole: boolean;
}

const errorsSchema = z.object({
  errors: z.tuple([z.object({ code: z.literal("UNKNOWN"), detail: z.unknown() })]),
});

/** Messages of distribution 3.x (manifest, registry/storage/manifeststore.go): it has read the manifest. */
const OF_MANIFESTS =
  /^(?:unrecognized manifest|errors verifying manifest|if present, mediaType|mediaType in |manifestlist: |index: |ocimanifest: )/;
/** Of `go-digest`, in 3.x: the link of a tag or manifest holds no digest, as a full disk or a crash leaves it. */
const OF_LINKS = /^(?:invalid checksum digest (?:format|length)|unsupported digest algorithm)$/;
/** Messages of Go's `encoding/json`. */
const OF_JSON = /^(?:unexpected end of JSON input|invalid character |json: )/;
const MOST_CHARACTERS = 200;

/**
 * A 500 of the stock registry to who reads a manifest holds what was wrong: 3.x in words, 2.8 as the error's fields. Its
 * storage names itself in its own errors; everything else is about what is stored. Both say as much of a link that is being
 * written, which passes, as of one that was never written to its end.
 *
 * @param body - body of the answer
 * @returns what it says against the manifest; `null` when it says nothing of that
 */
export function readVerdict(body: Buffer): ReadVerdict | null {
  const detail = errorsSchema.safeParse(jsonOrNull(body.toString())).data?.errors[0].detail;
  if (typeof detail === "string") {
    const reason = detail.slice(0, MOST_CHARACTERS);
    if (OF_MANIFESTS.test(detail)) return { reason, isWhole: true };
    return OF_JSON.test(detail) || OF_LINKS.test(detail) ? { reason, isWhole: false } : null;
  }
  if (typeof detail !== "object" || detail === null || namesDriver(detail)) return null;
  return { reason: "it is no manifest of a kind that the registry knows", isWhole: false };
}

/** Errors of storage drivers in 2.8 have `DriverName`, in 3.x `driver`; some have them within others. */
function namesDriver(detail: object): boolean {
  return /"driver(?:name)?"/i.test(JSON.stringify(detail));
}
