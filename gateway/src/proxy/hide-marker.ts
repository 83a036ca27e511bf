import { Transform } from "node:stream";
import { z } from "zod";
import { isMarkerRepository } from "#registry-protocol/storage-marker.js";
import { jsonOrNull } from "#service-kit/json-or-null.js";

const catalogSchema = z.looseObject({ repositories: z.array(z.string()).nullable() });

/**
 * Registries of both lines give a thousand names at once at most, so that a page can be held in memory.
 *
 * @returns what takes the repository out of a catalog in which the registry says which storage it has
 */
export function withoutMarker(): Transform {
  const parts: Buffer[] = [];
  return new Transform({
    transform: (part: Buffer, _encoding, done) => {
      parts.push(part);
      done();
    },
    flush: (done) => {
      done(null, edited(Buffer.concat(parts)));
    },
  });
}

/** What is no catalog, or does not name it, stays byte for byte. */
function edited(body: Buffer): Buffer {
  const catalog = catalogSchema.safeParse(jsonOrNull(body.toString())).data;
  const names = catalog?.repositories ?? [];
  if (!names.some(isMarkerRepository)) return body;
  const kept = names.filter((name) => !isMarkerRepository(name));
  return Buffer.from(JSON.stringify({ ...catalog, repositories: kept }));
}
