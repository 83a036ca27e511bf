import type { IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";
import { splitTarget } from "#registry-protocol/path.js";
import { uploadOffset } from "../upstream/upload-state.js";

/** How far uploads are, as the registry said last; for all that went through this process. */
export interface UploadStates {
  /** Told of the registry's answer to a request of an upload. */
  told(answer: Pick<IncomingMessage, "headers">): void;
  /**
   * @param session - an upload
   * @param target - of a request to it, as the client sent it
   * @returns its parameters, of which the state is the newest that is known
   */
  parametersOf(session: string, target: string): URLSearchParams;
}

const MOST_REMEMBERED = 10_000;
const PLACE = /\/blobs\/uploads\/([a-zA-Z0-9\-_.=]{1,128})\?(.*)$/;

/**
 * Stock registries refuse (404) a URL of an upload that says that it is less far than it is. A client whose answer to a chunk got lost
 * has no other one: with that it is told where to go on, be it by the upload's status or by 416 (OCI distribution-spec, "Pushing a
 * blob in chunks").
 *
 * @returns a memory that holds nothing
 */
export function uploadStates(): UploadStates {
  const newest = new LRUCache<string, { readonly state: string; readonly offset: number }>({
    max: MOST_REMEMBERED,
  });
  return {
    told: ({ headers }) => {
      const [, session, query] = PLACE.exec(headers.location ?? "") ?? [];
      const state = new URLSearchParams(query).get("_state");
      const offset = state === null ? null : uploadOffset(state);
      if (session !== undefined && state !== null && offset !== null)
        newest.set(session, { state, offset });
    },
    parametersOf: (session, target) => {
      const parameters = new URLSearchParams(splitTarget(target).query);
      const known = newest.get(session);
      const offset = uploadOffset(parameters.get("_state") ?? "");
      // Another process may know better: what is further is newer.
      if (known !== undefined && offset !== null && offset < known.offset)
        parameters.set("_state", known.state);
      return parameters;
    },
  };
}
