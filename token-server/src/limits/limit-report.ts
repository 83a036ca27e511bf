import { LRUCache } from "lru-cache";
import type { Logger } from "#service-kit/log.js";

/** An attempt that was refused for others of before. */
export interface Limited {
  /** Whose points are all taken: `source:<address>`, `account:<fingerprint>` or `undecided:<address>`. */
  readonly key: string;
  readonly source: string;
  /** Until it is over. */
  readonly milliseconds: number;
}

/** What somebody shows who logs in. */
export type Shown = "password" | "refresh token";

/** Told of failed logins and of refusals. */
export interface LimitReport {
  failed(source: string, credential: string, shown?: Shown): void;
  limited(what: Limited): void;
}

/** Where the report goes. */
export interface LimitReportDeps {
  readonly log: Pick<Logger, "warn">;
  /** Counts attempts that were refused, by the reason. */
  readonly countHit: (reason: string) => void;
  /** Counts addresses and accounts that came to their limit, by the reason. */
  readonly countLock: (reason: string) => void;
}

interface Failures {
  readonly address: string;
  readonly shown: Shown;
  attempts: number;
  readonly credentials: Set<string>;
}

/** Lines about one address come at most once in this time. */
const EVERY_MILLISECONDS = 60_000;
/** One or two are somebody who mistypes. */
const WORTH_A_LINE = 5;
const MOST_LINES = 20;
const MOST_SOURCES = 10_000;
const MOST_CREDENTIALS = 1_000;
const MOST_LOCKS = 10_000;

/**
 * @param deps - log and metrics
 * @returns a report of one line a minute for each address, however often it fails
 */
export function limitReport({ log, countHit, countLock }: LimitReportDeps): LimitReport {
  let failures = new Map<string, Failures>();
  let timer: NodeJS.Timeout | undefined;
  const locks = new LRUCache<string, true>({ max: MOST_LOCKS });
  const flush = () => {
    timer = undefined;
    const worst = [...failures.values()].sort((a, b) => b.attempts - a.attempts);
    failures = new Map();
    for (const { address, shown, attempts, credentials } of worst.slice(0, MOST_LINES)) {
      if (attempts < WORTH_A_LINE) break;
      const message = `${describe(credentials.size, shown)}, ${times(attempts)} from ${address}`;
      log.warn({
        event: "logins.failing",
        address,
        attempts,
        different: credentials.size,
        message,
      });
    }
  };
  return {
    failed: (address, credential, shown = "password") => {
      const key = `${shown} ${address}`;
      const first = { address, shown, attempts: 0, credentials: new Set<string>() };
      const known = failures.get(key) ?? first;
      known.attempts += 1;
      if (known.credentials.size < MOST_CREDENTIALS) known.credentials.add(credential);
      if (failures.size < MOST_SOURCES) failures.set(key, known);
      // A process that ends does not wait for it.
      timer ??= setTimeout(flush, EVERY_MILLISECONDS).unref();
    },
    limited: ({ key, source, milliseconds }) => {
      const reason = key.split(":", 1)[0] ?? "";
      countHit(reason);
      if (locks.has(key)) return;
      locks.set(key, true, { ttl: Math.max(1, milliseconds) });
      countLock(reason);
      log.warn({
        event: "logins.limited",
        reason,
        address: source,
        seconds: Math.ceil(milliseconds / 1000),
        message: messageOf(reason, source),
      });
    },
  };
}

function describe(credentials: number, shown: Shown): string {
  const what = shown === "password" ? "wrong password" : "refused refresh token";
  if (credentials === 1) return `one ${what}`;
  const count = credentials.toLocaleString("en-US");
  return `${credentials < MOST_CREDENTIALS ? "" : "over "}${count} ${what}s`;
}

function times(attempts: number): string {
  return attempts === 1 ? "once" : `${attempts.toLocaleString("en-US")} times`;
}

function messageOf(reason: string, source: string): string {
  if (reason === "account")
    return `too many different passwords for one account, the last from ${source}`;
  const what = reason === "undecided" ? "logins that could not be decided" : "wrong passwords";
  return `too many different ${what} from ${source}: if that is a proxy or load balancer, and not one client, name it in the gateway's TRUSTED_PROXIES`;
}
