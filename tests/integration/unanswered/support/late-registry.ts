import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { ask, type ProxyAnswer } from "#tests/support/faulty-proxy.js";
import { gate } from "#tests/support/gate.js";
import { listening } from "#tests/support/test-server.js";

/** A request whose sender was told nothing. */
export interface HeldRequest {
  /** Resolves when it has arrived. */
  readonly arrived: Promise<void>;
  /** Has the registry carry it out. @returns its answer */
  carryOut(): Promise<ProxyAnswer>;
}

/** Stands before a registry, and answers late or not at all. */
export interface LateRegistry {
  readonly url: string;
  /** Holds the next request of this kind back: its sender gets no answer. */
  hold(method: string, path: RegExp): HeldRequest;
  /** Has the next request of this kind carried out, spoils what it left, and answers it with 500. */
  spoil(method: string, path: RegExp, spoiling: () => Promise<void>): void;
  stop(): Promise<void>;
}

interface Plan {
  readonly method: string;
  readonly path: RegExp;
  readonly act: (req: IncomingMessage, body: Buffer, res: ServerResponse) => Promise<void>;
}

/**
 * @param target - URL of the registry behind it
 * @returns it, listening
 */
export async function startLateRegistry(target: string): Promise<LateRegistry> {
  let plans: Plan[] = [];
  const take = (req: IncomingMessage): Plan | undefined => {
    const plan = plans.find(
      ({ method, path }) => method === req.method && path.test(req.url ?? ""),
    );
    plans = plans.filter((one) => one !== plan);
    return plan;
  };
  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const plan = take(req);
    const body = Buffer.concat((await req.toArray()) as Buffer[]);
    if (plan !== undefined) return plan.act(req, body, res);
    const answer = await ask(target, req, body);
    res.writeHead(answer.status, answer.headers).end(answer.body);
  };
  const server = createServer((req, res) => {
    handle(req, res).catch(() => res.destroy());
  });
  const { url, stop } = await listening(server);
  return {
    ...{ url, stop },
    hold: (method, path) => {
      const arrived = gate();
      let carryOut: () => Promise<ProxyAnswer> = () => Promise.reject(new Error("not arrived"));
      plans.push({
        ...{ method, path },
        act: async (req, body, res) => {
          carryOut = () => ask(target, req, body);
          const closed = once(res, "close");
          res.destroy();
          await closed;
          arrived.open();
        },
      });
      return { arrived: arrived.opened, carryOut: () => carryOut() };
    },
    spoil: (method, path, spoiling) => {
      plans.push({
        ...{ method, path },
        act: async (req, body, res) => {
          await ask(target, req, body);
          await spoiling();
          res.writeHead(500, { "Content-Type": "application/json" }).end('{"errors":[]}');
        },
      });
    },
  };
}
