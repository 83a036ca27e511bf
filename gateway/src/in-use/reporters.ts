import type { AuditActor } from "#audit-log/entry.js";

/** Who may report what runs. */
export interface Reporter {
  readonly uid: string;
  readonly realm: string;
}

/** `uid@realm`; a uid may have an `@` in it, a realm has none. */
const FORM = /^(?<uid>\S+)@(?<realm>[^@\s]+)$/;

/**
 * @param text - as `IN_USE_REPORTERS` has them: `uid@realm`, separated by commas
 * @returns who they are; `null`: one of them is written in another way
 */
export function parseReporters(text: string): readonly Reporter[] | null {
  const words = text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  const found = words.map((word) => FORM.exec(word)?.groups);
  return found.includes(undefined)
    ? null
    : found.map((groups) => ({ uid: groups?.["uid"] ?? "", realm: groups?.["realm"] ?? "" }));
}

/**
 * @param reporters - those that may
 * @param actor - who asks
 * @returns whether they are one of them
 */
export function isReporter(
  reporters: readonly Reporter[],
  { uid, realm, kind }: Pick<AuditActor, "uid" | "realm" | "kind">,
): boolean {
  return kind !== "anonymous" && reporters.some((one) => one.uid === uid && one.realm === realm);
}
