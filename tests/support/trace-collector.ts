import { createServer, type IncomingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";
import { eventually } from "./eventually.js";
import { listening } from "./test-server.js";

/** A span, as a collector gets it. */
export interface CollectedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  /** "" where it is the first one of its trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 1: internal, 2: server, 3: client. */
  readonly kind: number;
  readonly facts: Readonly<Record<string, unknown>>;
  /** Traces that it names. */
  readonly links: readonly string[];
  readonly isError: boolean;
  readonly nanoseconds: bigint;
}

/** A collector of traces that takes OTLP over HTTP in JSON. */
export interface TraceCollector {
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** All that was sent, as it came. */
  readonly text: () => string;
  readonly headers: readonly IncomingHttpHeaders[];
  /** @returns the first span that it finds, once there is one */
  readonly find: (about: string, is: (span: CollectedSpan) => boolean) => Promise<CollectedSpan>;
  readonly stop: () => Promise<void>;
}

interface Value {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}
interface Attribute {
  readonly key: string;
  readonly value: Value;
}
interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly Attribute[];
  readonly links?: readonly { readonly traceId: string }[];
  readonly status?: { readonly code?: number };
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}
interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

/** @returns a collector that keeps what it gets (opentelemetry-proto, `trace_service.proto`, in JSON) */
export async function startTraceCollector(): Promise<TraceCollector> {
  const [spans, headers, texts]: [CollectedSpan[], IncomingHttpHeaders[], string[]] = [[], [], []];
  const server = createServer((req, res) => {
    void buffer(req).then((body) => {
      if (req.url !== "/v1/traces" || req.method !== "POST") {
        res.writeHead(404).end();
        return;
      }
      headers.push(req.headers);
      texts.push(body.toString());
      spans.push(...spansIn(JSON.parse(body.toString()) as ExportRequest));
      res.setHeader("content-type", "application/json").end("{}");
    });
  });
  const { url, stop } = await listening(server);
  const find = async (about: string, is: (span: CollectedSpan) => boolean) => {
    await eventually(about, () => spans.some(is));
    return spans.find(is) as CollectedSpan;
  };
  return { url, spans, headers, text: () => texts.join("\n"), find, stop };
}

function spansIn({ resourceSpans }: ExportRequest): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(factsOf(resource.attributes)["service.name"]);
    return scopeSpans.flatMap((scope) => scope.spans.map((span) => collected(service, span)));
  });
}

function collected(service: string, span: WireSpan): CollectedSpan {
  const { traceId, spanId, parentSpanId = "", name, kind, links = [] } = span;
  return {
    ...{ service, traceId, spanId, parentSpanId, name, kind },
    facts: factsOf(span.attributes),
    links: links.map((link) => link.traceId),
    isError: span.status?.code === 2,
    nanoseconds: BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano),
  };
}

function factsOf(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
