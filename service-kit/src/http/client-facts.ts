import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { Fault } from "#registry-protocol/faults.js";
import { bareAddress, hopsOf, parseForwarded, type ForwardedElement } from "./forwarded.js";
import type { TrustedPeers } from "./trusted-peers.js";

/** Where a request comes from and under which name the client reached us, as far as that can be believed. */
export interface ClientFacts {
  /** Bare address, without port, brackets or zone; IPv4 where it is mapped into IPv6. */
  readonly address: string;
  readonly scheme: "http" | "https";
  /** Host with an optional port; `null` when it is missing or could not be one. */
  readonly host: string | null;
  /** Whether a proxy that is trusted passed it on, so that what it says of the request counts. */
  readonly isProxied: boolean;
  /** Whether somebody whom nobody trusts spoke for others: a proxy that is not configured, or a liar. */
  readonly ignored: boolean;
}

/** A host name or address with an optional port: nothing that could end a quoted header value. */
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

const SAYS_FORWARDED = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"];

/**
 * The one place that reads `X-Forwarded-*` and `Forwarded` (RFC 7239). They count from trusted peers alone, hop by hop
 * from the nearest: the first address that is not trusted is the client. A proxy writes one of the two; the other one
 * came from further away. So where both are there they have to agree: else the client would choose.
 *
 * @param req - a request
 * @param isTrusted - whose word about others counts
 * @returns address and origin of the client
 * @throws Fault REQUEST_INVALID when a trusted peer's headers contradict each other or are not of their form
 */
export function clientFacts(req: IncomingMessage, isTrusted: TrustedPeers): ClientFacts {
  const { peer, scheme } = otherEnd(req.socket);
  const direct = { address: peer, scheme, host: validHost(req.headers.host) };
  const speaks = SAYS_FORWARDED.some((name) => req.headers[name] !== undefined);
  if (!isTrusted(peer)) return { ...direct, isProxied: false, ignored: speaks };
  if (!speaks) return { ...direct, isProxied: true, ignored: false };
  const [ours, standard] = [fromXForwarded(req), fromForwarded(req)];
  if (ours !== null && standard !== null) refuseContradiction(ours, standard, { peer, isTrusted });
  const said = ours ?? standard ?? { hops: [], proto: null, host: null };
  return {
    address: furthest(peer, said.hops, isTrusted),
    scheme: said.proto ?? direct.scheme,
    host: said.host ?? direct.host,
    isProxied: true,
    ignored: false,
  };
}

/** Who is at the other end of a connection. */
interface OtherEnd {
  /** Bare address. */
  readonly peer: string;
  readonly scheme: "http" | "https";
}

/** That never changes, and many requests come over one connection. */
const ends = new WeakMap<Socket, OtherEnd>();

function otherEnd(socket: Socket): OtherEnd {
  const known = ends.get(socket);
  if (known !== undefined) return known;
  const peer = bareAddress(socket.remoteAddress ?? "") ?? "";
  const end: OtherEnd = { peer, scheme: socket instanceof TLSSocket ? "https" : "http" };
  if (peer !== "") ends.set(socket, end);
  return end;
}

interface Said {
  /** The nearest last. */
  readonly hops: readonly (string | null)[];
  readonly proto: "http" | "https" | null;
  readonly host: string | null;
}

function fromXForwarded(req: IncomingMessage): Said | null {
  const hops = valuesOf(req, "x-forwarded-for");
  const [proto, host, port] = ["x-forwarded-proto", "x-forwarded-host", "x-forwarded-port"].map(
    (name) => firstOf(req, name),
  );
  if (hops.length === 0 && proto === undefined && host === undefined) return null;
  const scheme = parseScheme(proto, "X-Forwarded-Proto");
  // Some proxies name the port alone and leave the host to the Host header.
  const named = parseHost(host ?? (port === undefined ? undefined : req.headers.host), host);
  return {
    hops: hops.length === 0 ? [] : hopsOf(hops),
    proto: scheme,
    host: named === null ? null : withPort(named, port, scheme),
  };
}

function fromForwarded(req: IncomingMessage): Said | null {
  const values = valuesOf(req, "forwarded");
  if (values.length === 0) return null;
  const elements = parseForwarded(values);
  if (elements === null) throw invalid("Forwarded is not of the form of RFC 7239");
  const said = (part: "proto" | "host"): ForwardedElement | undefined =>
    elements.find((element) => element[part] !== null);
  const host = said("host")?.host ?? undefined;
  return {
    hops: elements.map(({ address }) => address),
    proto: parseScheme(said("proto")?.proto ?? undefined, "Forwarded"),
    host: parseHost(host, host),
  };
}

function refuseContradiction(
  ours: Said,
  standard: Said,
  { peer, isTrusted }: { peer: string; isTrusted: TrustedPeers },
): void {
  const same =
    (ours.hops.length === 0 ||
      furthest(peer, ours.hops, isTrusted) === furthest(peer, standard.hops, isTrusted)) &&
    (ours.proto === null || standard.proto === null || ours.proto === standard.proto) &&
    (ours.host === null || standard.host === null || ours.host === standard.host);
  if (!same)
    throw invalid(
      "Forwarded and X-Forwarded-* contradict each other; the proxy has to set one of them and to remove the other",
    );
}

/** A hop that cannot be read hides all that is behind it. */
function furthest(peer: string, hops: readonly (string | null)[], isTrusted: TrustedPeers): string {
  let address = peer;
  for (const hop of [...hops].reverse()) {
    if (hop === null || !isTrusted(address)) break;
    address = hop;
  }
  return address;
}

function parseScheme(text: string | undefined, header: string): "http" | "https" | null {
  const scheme = text?.toLowerCase();
  if (scheme === undefined || scheme === "http" || scheme === "https") return scheme ?? null;
  throw invalid(`${header} names a scheme that is neither http nor https`);
}

function parseHost(text: string | undefined, given: string | undefined): string | null {
  if (text === undefined) return null;
  const host = validHost(text);
  if (host === null && given !== undefined) throw invalid("the forwarded host is not valid");
  return host;
}

function withPort(host: string, port: string | undefined, scheme: string | null): string {
  if (port === undefined || /:\d+$/.test(host)) return host;
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
    throw invalid("X-Forwarded-Port is no port");
  const usual = scheme === "https" ? "443" : scheme === "http" ? "80" : undefined;
  return port === usual ? host : `${host}:${port}`;
}

function validHost(text: string | undefined): string | null {
  return text !== undefined && HOST.test(text) ? text : null;
}

function valuesOf(req: IncomingMessage, name: string): string[] {
  const value = req.headers[name];
  return value === undefined ? [] : [value].flat();
}

/** Proxies that append put the client's first. */
function firstOf(req: IncomingMessage, name: string): string | undefined {
  const first = valuesOf(req, name).join(",").split(",")[0]?.trim();
  return first === "" ? undefined : first;
}

function invalid(message: string): Fault {
  return new Fault("REQUEST_INVALID", { message });
}
