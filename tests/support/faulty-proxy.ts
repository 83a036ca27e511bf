import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { listening } from "./test-server.js";
import { pace } from "./race.js";

/** What goes wrong with an exchange. */
export const FAULTS = ["drop", "delay", "reset", "502"] as const;
export type FaultKind = (typeof FAULTS)[number];

/** When it goes wrong: the server has seen nothing, it has done all, or half of its answer is on the wire. */
export type FaultMoment = "before" | "after" | "middle";

/** Something that will go wrong. */
export interface PlannedFault {
  readonly method: string;
  readonly kind: FaultKind;
  readonly moment: FaultMoment;
  /** How many requests with this method go well first. */
  readonly skip?: number;
}

/** A proxy through which things go wrong as planned. */
export interface FaultyProxy {
  readonly url: string;
  /** Faults to come, each once. Those planned before and not yet met are forgotten. */
  plan(faults: readonly PlannedFault[]): void;
  /** @returns faults that nothing has met */
  pending(): number;
  /** Resolves when everything that was delayed has arrived. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** A whole answer, to be passed on. */
export interface ProxyAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/**
 * @param target - URL of the server behind it
 * @param delayMilliseconds - how long "delay" takes; longer than whoever asks is patient
 * @returns the proxy, listening
 */
export async function startFaultyProxy(
  target: string,
  delayMilliseconds: number,
): Promise<FaultyProxy> {
  const underWay = new Set<Promise<void>>();
  let planned: { fault: PlannedFault; skip: number }[] = [];
  const nextFault = (method: string): PlannedFault | null => {
    const index = planned.findIndex(({ fault }) => fault.method === method);
    const entry = planned[index];
    if (entry === undefined) return null;
    if (entry.skip > 0) {
      entry.skip -= 1;
      return null;
    }
    planned.splice(index, 1);
    return entry.fault;
  };
  const server = createServer((req, res) => {
    const work = exchange(req, res, nextFault(req.method ?? "")).catch(() => {
      res.destroy();
    });
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  });
  const exchange = async (
    req: IncomingMessage,
    res: ServerResponse,
    fault: PlannedFault | null,
  ): Promise<void> => {
    const body = Buffer.concat((await req.toArray()) as Buffer[]);
    if (fault?.moment === "before") {
      if (fault.kind !== "delay") {
        breakOff(res, fault.kind);
        return;
      }
      await pace(delayMilliseconds);
    }
    const answer = await ask(target, req, body);
    if (fault?.moment === "middle") res.socket?.write(beginningOf(answer, fault.kind));
    if (fault === null || fault.moment === "before") {
      send(res, answer);
    } else if (fault.kind === "delay") {
      await pace(delayMilliseconds);
      if (fault.moment === "middle") res.destroy();
      else send(res, answer);
    } else if (fault.moment === "middle" && fault.kind === "502") res.socket?.end();
    else breakOff(res, fault.kind);
  };
  const { url, stop } = await listening(server);
  return {
    url,
    plan: (faults) => {
      planned = faults.map((fault) => ({ fault, skip: fault.skip ?? 0 }));
    },
    pending: () => planned.length,
    settled: async () => {
      await Promise.all(underWay);
    },
    stop,
  };
}

function breakOff(res: ServerResponse, kind: Exclude<FaultKind, "delay">): void {
  if (kind === "502") res.writeHead(502, { "Content-Type": "text/html" }).end("<h1>Bad Gateway");
  else if (kind === "reset") res.socket?.resetAndDestroy();
  else res.socket?.destroy();
}

/** Half of the head of an answer. */
function beginningOf({ status, headers }: ProxyAnswer, kind: FaultKind): string {
  if (kind === "502") return "HTTP/1.1 502 Bad Gateway\r\nContent-Le";
  return `HTTP/1.1 ${status} Created\r\nLocation: ${String(headers.location).slice(0, 20)}`;
}

function send(res: ServerResponse, { status, headers, body }: ProxyAnswer): void {
  if (!res.destroyed) res.writeHead(status, headers).end(body);
}

/**
 * @param target - URL of the server behind
 * @param req - a request to pass on
 * @param body - its body
 * @returns the server's answer
 */
export async function ask(
  target: string,
  req: IncomingMessage,
  body: Buffer,
): Promise<ProxyAnswer> {
  const outgoing = request(new URL(req.url ?? "/", target), {
    method: req.method,
    headers: { ...req.headers, connection: "close" },
    agent: false,
  });
  outgoing.end(body);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  const { statusCode: status = 0, headers } = answer;
  return { status, headers, body: Buffer.concat((await answer.toArray()) as Buffer[]) };
}
