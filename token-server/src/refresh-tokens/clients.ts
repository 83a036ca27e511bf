/**
 * A client id is what a program calls itself (RFC 6749 section 2.2: "not a secret"), so it proves nothing: docker's own
 * commands have three, regctl's changes with each version, and some send none. Whoever wants to restrict them can.
 *
 * @param clientId - as the client sent it; empty when it sent none
 * @param taken - ids that may have and use refresh tokens, one that ends in `*` for all that begin so; empty: any, and none
 * @returns whether this client may
 */
export function isClientTaken(clientId: string, taken: readonly string[]): boolean {
  if (taken.length === 0) return true;
  return taken.some((entry) =>
    entry.endsWith("*") ? clientId.startsWith(entry.slice(0, -1)) : clientId === entry,
  );
}
