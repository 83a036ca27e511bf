import { FAULTS } from "#registry-protocol/fault-catalogue.js";
import { cut, MOST_ERROR_BYTES } from "./held-detail.js";

/** What whoever is refused for want of a source is told. */
export interface SourceRefusal {
  readonly message: string;
  readonly detail: { readonly note: string };
}

/** What a search says where there is a file, or was; of anything else the way to give a source says more. */
const OF_THE_FILE = /^(?!not named).*scm-source\.json/s;

/**
 * Says what to add or, where something is there that does not do, what is the matter with it.
 *
 * @param rule - id of the rule that wants a source
 * @param note - why the search found none; of any length and content
 * @returns message and detail; the whole error stays within what clients print
 */
export function sourceRefusal(rule: string, note: string): SourceRefusal {
  const reason = plain(note);
  const wanted = `SCM source required by rule ${rule}`;
  const exact = { message: `${wanted}: ${reason} (docs/scm-source.md)`, detail: { note: reason } };
  if (OF_THE_FILE.test(note) && bytesOf(exact) <= MOST_ERROR_BYTES) return exact;
  const message = `${wanted}: add labels org.opencontainers.image.source and .revision, or /scm-source.json (docs/scm-source.md)`;
  const room = MOST_ERROR_BYTES - bytesOf({ message, detail: { note: "" } });
  return { message, detail: { note: cut(reason, room) } };
}

/** Notes repeat what is in images: nothing of it may steer a terminal, and digests fill the little room. */
function plain(note: string): string {
  return note
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "?")
    .replace(/(sha\d{3}:[0-9a-f]{12})[0-9a-f]+/g, "$1…");
}

function bytesOf(refusal: SourceRefusal): number {
  return Buffer.byteLength(JSON.stringify({ code: FAULTS.SCM_SOURCE_REQUIRED.wire, ...refusal }));
}
