import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { nameOf, type Acknowledged } from "#tests/chaos/acknowledged.js";
import {
  knownPush,
  MANIFEST_TYPE,
  pushImage,
  tokenFor,
  type KnownPush,
} from "#tests/chaos/client.js";
import type { ObservedPull, ObservedPush } from "./observed.js";

/** Clients at work. */
export interface Load {
  readonly pushes: readonly ObservedPush[];
  readonly pulls: readonly ObservedPull[];
  /** Pushes that were still not answered when the load ended, made again as they were. */
  stop(): Promise<readonly string[]>;
}

/** Who works, and where. */
export interface LoadOptions {
  /** URL that leads to any gateway. */
  readonly front: string;
  /** URLs of the gateways. */
  readonly gateways: readonly string[];
  readonly acknowledged: Acknowledged;
  readonly pushers: number;
  readonly pullers: number;
}

const BETWEEN_PUSHES_MILLISECONDS = 400;
const BETWEEN_PULLS_MILLISECONDS = 60;
const BETWEEN_PROBES_MILLISECONDS = 500;
const MOST_PROBES = 6;
/** Of so many pushes one is of a tag that another pusher wants for something else. */
const CONTESTED = 4;
const PULLS_PER_TOKEN = 10;
const PULL_PATIENCE_MILLISECONDS = 20_000;
const SETTLED_WITHIN_MILLISECONDS = 60_000;

/**
 * @param options - who works, and where
 * @returns the load, begun
 */
export function startLoad(options: LoadOptions): Load {
  const { front, gateways, acknowledged } = options;
  const stopping = new AbortController();
  const pushes: ObservedPush[] = [];
  const pulls: ObservedPull[] = [];
  const stuck: string[] = [];
  const push = async (known: KnownPush, gateway: number | null) => {
    const began = performance.now();
    const end = await pushImage(gateway === null ? front : (gateways[gateway] ?? ""), known);
    if (end === "acknowledged") acknowledged.add(known);
    pushes.push({ gateway, began, ended: performance.now(), end });
    return end;
  };
  /** A client tries again what was not answered, and nothing else before it. */
  const pushUntilAnswered = async (known: KnownPush) => {
    let until = Infinity;
    while ((await push(known, null)) === "unanswered") {
      if (stopping.signal.aborted) until = Math.min(until, soon());
      if (performance.now() > until) {
        stuck.push(`${nameOf(known)}: no answer`);
        return;
      }
      await pause(BETWEEN_PUSHES_MILLISECONDS);
    }
  };
  const forever = async (milliseconds: number, work: (index: number) => Promise<unknown>) => {
    for (let index = 0; !stopping.signal.aborted; index += 1) {
      await work(index);
      await pause(milliseconds);
    }
  };
  const pusher = (number: number) =>
    forever(BETWEEN_PUSHES_MILLISECONDS, (index) => pushUntilAnswered(pushOf(number, index)));
  const puller = (number: number) => {
    let token = "";
    return forever(BETWEEN_PULLS_MILLISECONDS, async (index) => {
      const known = chosen(acknowledged.all(), number, index);
      if (known === undefined) return;
      const began = performance.now();
      let failure: string | null = null;
      try {
        if (index % PULLS_PER_TOKEN === 0 || token === "")
          token = await tokenFor(front, ...REPOSITORIES);
        const digest = await pull(front, token, known);
        acknowledged.check(known, digest, "a pull");
        if (digest !== known.digest) failure = `${nameOf(known)} is ${digest ?? "not there"}`;
      } catch (error) {
        failure = reasonOf(error);
      }
      pulls.push({ began, ended: performance.now(), failure });
    });
  };
  const prober = async (gateway: number) => {
    const inFlight = new Set<Promise<unknown>>();
    await forever(BETWEEN_PROBES_MILLISECONDS, (index) => {
      if (inFlight.size >= MOST_PROBES) return Promise.resolve();
      const name = `probe-${gateway}-${index}`;
      const probe = push(knownPush(repositoryOf(index), name, name), gateway);
      inFlight.add(probe);
      void probe.finally(() => inFlight.delete(probe));
      return Promise.resolve();
    });
    await Promise.all(inFlight);
  };
  const working = Promise.all([
    ...times(options.pushers, pusher),
    ...times(options.pullers, puller),
    ...times(gateways.length, prober),
  ]);
  return {
    pushes,
    pulls,
    stop: async () => {
      stopping.abort();
      await working;
      return stuck;
    },
  };
}

const REPOSITORIES = Array.from({ length: 8 }, (_, i) => `alpha/drill-${i}`);

function repositoryOf(index: number): string {
  return REPOSITORIES[index % REPOSITORIES.length] ?? "";
}

function pushOf(number: number, index: number): KnownPush {
  const content = `pusher ${number} push ${index}`;
  const tag =
    index % CONTESTED === 0 ? `pair-${Math.floor(number / 2)}-${index}` : `own-${number}-${index}`;
  // A repository of the pair: otherwise what is contested would be two tags.
  return knownPush(repositoryOf(Math.floor(number / 2) + index), tag, content);
}

/** Now one of the newest, now any. */
function chosen(
  pushes: readonly KnownPush[],
  number: number,
  index: number,
): KnownPush | undefined {
  const offset = number + index;
  if (index % 2 === 0) return pushes.at(-1 - (offset % 32)) ?? pushes[0];
  return pushes[(offset * 7919) % Math.max(pushes.length, 1)];
}

/** @throws Error that says which request was not answered as it should be */
async function pull(front: string, token: string, known: KnownPush): Promise<string | null> {
  const get = async (path: string) => {
    const answer = await fetch(new URL(`/v2/${known.repository}/${path}`, front), {
      headers: { Authorization: `Bearer ${token}`, Accept: MANIFEST_TYPE },
      signal: AbortSignal.timeout(PULL_PATIENCE_MILLISECONDS),
    });
    const body = await answer.text();
    if (answer.status !== 200 && answer.status !== 404)
      throw new Error(`GET ${path}: ${answer.status} ${body.slice(0, 200)}`);
    return answer.status === 200 ? body : null;
  };
  const manifest = await get(`manifests/${known.tag}`);
  if (manifest === null) return null;
  if ((await get(`blobs/${digestOf(known.config)}`)) === null)
    throw new Error(`${nameOf(known)}: its blob is not there`);
  return digestOf(manifest);
}

/** Of an exchange that came to no end fetch says the reason in the cause alone. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function soon(): number {
  return performance.now() + SETTLED_WITHIN_MILLISECONDS;
}
