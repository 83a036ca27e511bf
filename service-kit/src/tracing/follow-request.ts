import {
  isSpanContextValid,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type TextMapPropagator,
  type Tracer,
} from "@opentelemetry/api";
import type { AskedRequest, Part, PartOutcome, RequestTrace } from "../trace.js";

/** What spans are made with. */
export interface SpanMaker {
  readonly tracer: Tracer;
  /** Reads and writes by which header a trace goes on. */
  readonly propagator: TextMapPropagator;
  /** In which nothing is. */
  readonly root: Context;
  /** Name of the database that is asked. */
  readonly database: string;
}

const KINDS: Readonly<Record<Part["kind"], SpanKind>> = {
  database: SpanKind.CLIENT,
  upstream: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
};

/**
 * @param maker - what spans are made with
 * @returns what follows a request, in a span of its own with those of its parts below it
 */
export function followRequest(maker: SpanMaker): (asked: AskedRequest) => RequestTrace {
  const { tracer, propagator, database } = maker;
  const ofDatabase = { "db.system.name": "postgresql", "db.namespace": database };
  return (asked) => {
    const { parent, links } = comingFrom(maker, asked);
    const options = { kind: SpanKind.SERVER, attributes: asked.facts, links };
    const span = tracer.startSpan(String(asked.facts["http.request.method"]), options, parent);
    const { traceId, traceFlags } = span.spanContext();
    const inside = trace.setSpan(parent, span);
    return {
      traceId: (traceFlags & TraceFlags.SAMPLED) === 0 ? null : traceId,
      begin: ({ kind, name, facts }) => {
        const attributes = kind === "database" ? { ...ofDatabase, ...facts } : facts;
        const part = tracer.startSpan(name, { kind: KINDS[kind], attributes }, inside);
        const headers: Record<string, string> = {};
        if (kind === "upstream") propagator.inject(trace.setSpan(inside, part), headers, SETTER);
        return {
          headers,
          end: (outcome) => {
            endSpan(part, outcome);
          },
        };
      },
      end: ({ name, ...outcome }) => {
        span.updateName(name);
        endSpan(span, outcome);
      },
    };
  };
}

const SETTER = {
  set: (headers: Record<string, string>, name: string, value: string) => {
    headers[name] = value;
  },
};

const GETTER = {
  get: (headers: AskedRequest["headers"], name: string) => headers[name],
  keys: (headers: AskedRequest["headers"]) => Object.keys(headers),
};

/** What comes from elsewhere begins a trace of its own, with a link to what it names. */
function comingFrom({ propagator, root }: SpanMaker, { headers, isTrusted }: AskedRequest) {
  const named = propagator.extract(root, headers, GETTER);
  if (isTrusted) return { parent: named, links: [] };
  const context = trace.getSpanContext(named);
  const links = context === undefined || !isSpanContextValid(context) ? [] : [{ context }];
  return { parent: root, links };
}

function endSpan(span: Span, { error, facts = {} }: PartOutcome): void {
  span.setAttributes(facts);
  if (error !== undefined) {
    span.setAttribute("error.type", error);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
