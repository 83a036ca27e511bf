import { Fault } from "#registry-protocol/faults.js";
import { framingOf } from "../upstream/client-framing.js";
import { chunkRange } from "../upstream/registry-request.js";
import { registryTarget } from "../upstream/registry-target.js";
import { uploadOffset } from "../upstream/upload-state.js";
import type { ExchangeOf } from "./exchange.js";

/**
 * Chunks come one after the other, the last one with the closing PUT perhaps (OCI distribution-spec, "Pushing a blob in chunks").
 * Registries of the line 2.8 append a chunk from elsewhere, those of the line 3 close the upload with it; so it is refused before
 * anything is sent, and the client is told where to go on.
 *
 * @param exchange - PATCH or PUT of an upload
 * @param query - its parameters
 * @throws Fault CHUNK_OUT_OF_ORDER with `Location` and `Range`, CHUNK_SIZE_INVALID when the chunk is of another size than it
 *   says, REQUEST_INVALID when it is nowhere
 */
export function refuseOutOfOrder(
  { req, request }: ExchangeOf<"upload.continue">,
  query: URLSearchParams,
): void {
  const chunk = chunkRange(req.headers);
  if (chunk === null) return;
  const offset = uploadOffset(query.get("_state") ?? "");
  // Without it the registry refuses whatever comes.
  if (offset === null) return;
  if (chunk.first !== offset)
    throw new Fault("CHUNK_OUT_OF_ORDER", {
      detail: { first: chunk.first, wanted: offset },
      headers: {
        Location: registryTarget({ ...request, kind: "upload.status" }, "GET", query),
        Range: `0-${Math.max(0, offset - 1)}`,
        "Docker-Upload-UUID": request.session,
      },
    });
  const framing = framingOf(req);
  const size = chunk.last - chunk.first + 1;
  if (framing.kind === "length" && framing.bytes !== size)
    throw new Fault("CHUNK_SIZE_INVALID", { detail: { wanted: size, length: framing.bytes } });
}
