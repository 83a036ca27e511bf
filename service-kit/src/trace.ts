import type { IncomingHttpHeaders } from "node:http";

/** What a span says of what it is about, by names of OpenTelemetry's semantic conventions where they have one. */
export type SpanFacts = Readonly<Record<string, string | number>>;

/** Something that is done for a request and shown for itself. */
export interface Part {
  /** Whether somebody else is waited for, and who. */
  readonly kind: "database" | "upstream" | "internal";
  /** One of few: nothing of a request's own is in it. */
  readonly name: string;
  readonly facts: SpanFacts;
}

/** How something ended. */
export interface PartOutcome {
  /** Kind of the failure; absent: there was none. */
  readonly error?: string;
  readonly facts?: SpanFacts;
}

/** A part that has begun. */
export interface PartSpan {
  /** By which whoever is asked goes on with the same trace (W3C Trace Context). */
  readonly headers: Readonly<Record<string, string>>;
  readonly end: (outcome: PartOutcome) => void;
}

/** What came of a request. */
export interface RequestOutcome extends PartOutcome {
  readonly name: string;
}

/** A request that is followed. */
export interface RequestTrace {
  /** Where it is found; `null`: this one is not collected. */
  readonly traceId: string | null;
  readonly begin: (part: Part) => PartSpan;
  readonly end: (outcome: RequestOutcome) => void;
}

/** A request that comes in. */
export interface AskedRequest {
  readonly headers: IncomingHttpHeaders;
  /** Whether the trace that it names is gone on with; anybody else's is a link, so that nobody decides what is collected. */
  readonly isTrusted: boolean;
  readonly facts: SpanFacts;
}

/** Collects where the time of requests goes. */
export interface Traces {
  readonly begin: (asked: AskedRequest) => RequestTrace;
}
