import { CommandFault, UsageFault } from "../exit/faults.js";
import { refusalOf } from "./answers.js";

/** How a caller shows who they are. */
export interface Credentials {
  /** `Authorization` for the REST API and Pier One's. */
  readonly authorization: string;
  /** Basic credentials for `/token`. */
  readonly basic: string;
}

/** One request. */
export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A token for this is got first, as clients of a registry do: `repository:alpha/app:pull`. */
  readonly scope?: string;
  /** Statuses besides 2xx that are answers, too. */
  readonly also?: readonly number[];
  /** Ends it; absent: after 30 s. */
  readonly signal?: AbortSignal;
}

/** Speaks to a Wharfinger. */
export interface Client {
  /** Origin of the gateway, without a slash at its end. */
  readonly url: string;
  /** Host and port, as in references to images. */
  readonly host: string;
  /**
   * @param target - path and query
   * @param asked - what is asked
   * @returns the answer
   * @throws ServerRefusal with the server's message; CommandFault when it cannot be reached
   */
  ask(target: string, asked?: Asked): Promise<Response>;
  /**
   * @param method - HTTP method
   * @param path - path below `/api/v1`
   * @param body - sent as JSON
   * @param scope - as in `Asked`
   * @param signal - as in `Asked`
   * @returns the parsed answer; `null` when it is empty
   * @throws ServerRefusal with the server's message; CommandFault when it cannot be reached
   */
  call(
    method: string,
    path: string,
    body?: unknown,
    scope?: string,
    signal?: AbortSignal,
  ): Promise<unknown>;
}

const TIMEOUT_MILLISECONDS = 30_000;

/** What makes a client. */
export interface ClientOptions {
  readonly url: string;
  /** `null`: an anonymous caller. */
  readonly credentials: Credentials | null;
  /** Name that the server gets to see. */
  readonly agent: string;
  /** Told of each request and its answer, without anything secret. */
  readonly trace?: (line: string) => void;
}

/**
 * @param options - where the gateway is, and who asks
 * @returns a client of its APIs
 */
export function createClient(options: ClientOptions): Client {
  const { url, credentials, agent, trace } = options;
  const tokens = new Map<string, Promise<string | null>>();
  const send = async (target: string, init: RequestInit): Promise<Response> => {
    const headers = { "User-Agent": agent, ...(init.headers as Record<string, string>) };
    const signal = init.signal ?? AbortSignal.timeout(TIMEOUT_MILLISECONDS);
    const answer = await fetch(`${url}${target}`, { ...init, headers, signal }).catch(
      (error: unknown) => {
        throw unreachable(url, error);
      },
    );
    trace?.(`${init.method ?? "GET"} ${url}${target}: ${answer.status}`);
    return answer;
  };
  const tokenFor = async (scope: string): Promise<string | null> => {
    // Which registry it is for is said by its gateway.
    const query = new URLSearchParams({ client_id: "wharf", scope });
    const answer = await send(`/token?${query.toString()}`, {
      headers: credentials === null ? {} : { Authorization: credentials.basic },
    });
    if (!answer.ok) throw await refused(answer);
    return ((await answer.json()) as { token?: string }).token ?? null;
  };
  const authorizationFor = async (scope: string | undefined): Promise<Record<string, string>> => {
    if (scope === undefined)
      return credentials === null ? {} : { Authorization: credentials.authorization };
    const token = await remember(tokens, scope, () => tokenFor(scope));
    return token === null ? {} : { Authorization: `Bearer ${token}` };
  };
  const ask = async (target: string, asked: Asked = {}): Promise<Response> => {
    const answer = await send(target, {
      method: asked.method ?? "GET",
      headers: { ...asked.headers, ...(await authorizationFor(asked.scope)) },
      ...(asked.body === undefined ? {} : { body: asked.body }),
      ...(asked.signal === undefined ? {} : { signal: asked.signal }),
    });
    if (answer.ok || asked.also?.includes(answer.status)) return answer;
    throw await refused(answer);
  };
  return {
    url,
    host: new URL(url).host,
    ask,
    call: async (method, path, body, scope, signal) => {
      const answer = await ask(`/api/v1${path}`, {
        method,
        headers: { "Content-Type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(scope === undefined ? {} : { scope }),
        ...(signal === undefined ? {} : { signal }),
      });
      const text = await answer.text();
      if (text === "") return null;
      return parsed(text, url);
    },
  };
}

/**
 * @param text - as it was written
 * @returns origin of a gateway; without a scheme `https` is meant, on this machine `http`
 * @throws UsageFault when it is no URL
 */
export function parseUrl(text: string): string {
  const trimmed = text.trim().replace(/(?<![:/])\/+$/, "");
  const isLocal = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/i.test(trimmed);
  const full = trimmed.includes("://") ? trimmed : `${isLocal ? "http" : "https"}://${trimmed}`;
  const url = URL.canParse(full) ? new URL(full) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.host === "")
    throw new UsageFault(
      `${JSON.stringify(text)} is no URL of a gateway`,
      "as https://registry.example.org",
    );
  if (url.username !== "" || url.password !== "")
    throw new UsageFault(
      "the URL has credentials in it",
      "leave them out: wharf login asks for them",
    );
  return full;
}

function remember<T>(
  known: Map<string, Promise<T>>,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const made = make();
  known.set(key, made);
  return made;
}

function parsed(text: string, url: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new CommandFault(`${url} answers with what is no JSON: is it a Wharfinger?`);
  }
}

async function refused(answer: Response) {
  const text = await answer.text().catch(() => "");
  return refusalOf(answer.status, text, answer.headers.get("retry-after"));
}

function unreachable(url: string, error: unknown): CommandFault {
  if (error instanceof CommandFault) return error;
  const hint = "wharf doctor looks into it";
  if (error instanceof Error && error.name === "TimeoutError")
    return new CommandFault(`${url} did not answer in time`, 1, hint);
  const cause = error instanceof Error ? error.cause : undefined;
  const why =
    cause instanceof Error
      ? cause.message || String((cause as NodeJS.ErrnoException).code)
      : "failed";
  return new CommandFault(`cannot reach ${url}: ${why}`, 1, hint);
}
