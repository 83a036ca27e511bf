/**
 * @param url - where something is asked for that others are believed by
 * @param allowHttp - whether somebody has said that the network in between can be trusted
 * @returns whether an answer from there can be trusted to be its owner's: by TLS, or from this machine
 */
export function isTrustworthyUrl(url: string, allowHttp: boolean): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:") return true;
  const isLoopback = hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
  return protocol === "http:" && (allowHttp || isLoopback);
}
