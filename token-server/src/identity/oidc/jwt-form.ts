/** Longer than tokens of issuers that put everything in; the HTTP head holds no more than 64 KiB anyway. */
const MAX_LENGTH = 16 * 1024;
const THREE_PARTS = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*$/;

/**
 * Reads whom a token claims to be from, believing none of it: it only says whose keys to try.
 *
 * @param text - a password
 * @returns its `iss`, or `null` when it has not the form of a JWT (RFC 7519, section 3)
 */
export function claimedIssuer(text: string): string | null {
  const parts = text.length > MAX_LENGTH ? null : THREE_PARTS.exec(text);
  if (parts === null) return null;
  const header = parseObject(parts[1] ?? "");
  const payload = parseObject(parts[2] ?? "");
  if (header === null || payload === null || typeof header["alg"] !== "string") return null;
  return typeof payload["iss"] === "string" ? payload["iss"] : null;
}

/**
 * @param payload - second part of a JWT, not believed
 * @returns when it claims to have been made (`iat`), in seconds since the epoch; `null` when it does not say
 */
export function claimedIssueTime(payload: string): number | null {
  const issuedAt = parseObject(payload)?.["iat"];
  return typeof issuedAt === "number" ? issuedAt : null;
}

function parseObject(base64url: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64url, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}
