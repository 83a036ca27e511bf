import createClient from "openapi-fetch";
import type { components, paths } from "../../../rest-api/described.js";

/** What the document calls so. */
export type Shown<K extends keyof components["schemas"]> = components["schemas"][K];

/** Whoever is logged in. */
export type Login = NonNullable<Shown<"Session">["login"]>;

/** The server's refusal, or that there was no answer (`status` 0). */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string;

  constructor(status: number, problem: { detail?: unknown; code?: unknown; requestId?: unknown }) {
    super(typeof problem.detail === "string" ? problem.detail : "");
    this.status = status;
    this.code = typeof problem.code === "string" ? problem.code : "";
    this.requestId = typeof problem.requestId === "string" ? problem.requestId : "";
  }
}

/** Who touched nothing for so long is not there: what the page asks by itself must not keep a session alive. */
const THERE_MILLISECONDS = 60_000;
let touchedAt = Date.now();
for (const name of ["pointerdown", "keydown", "wheel", "touchstart"])
  addEventListener(name, () => (touchedAt = Date.now()), { passive: true, capture: true });

/** @returns what says that this page asks, and whether somebody is there */
export function pageHeader(): Record<string, string> {
  const isThere = Date.now() - touchedAt < THERE_MILLISECONDS;
  return { "X-Wharfinger-Page": isThere ? "active" : "background" };
}

/** Of the whole API. */
export const api = createClient<paths>({
  baseUrl: "/api/v1",
  pathSerializer: (path, parameters) =>
    path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = String(parameters[name]);
      return name === "repository" ? `${value}/-` : encodeURIComponent(value);
    }),
});
api.use({
  onRequest: ({ request }) => {
    for (const [name, value] of Object.entries(pageHeader())) request.headers.set(name, value);
    return request;
  },
});

interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** Told when a request was refused for want of a login. */
let whenLoggedOut = () => undefined as unknown;

/** @param heard - told of the first refusal for want of a login after each login */
export function onLoggedOut(heard: () => void): void {
  whenLoggedOut = heard;
}

const DOUBTED = "wharfinger:rights";

/** @param status - of a refusal: without a login nothing more can be asked, and what one might may have changed */
export function hearRefusal(status: number): void {
  if (status === 401) whenLoggedOut();
  if (status === 403) dispatchEvent(new Event(DOUBTED));
}

/**
 * @param doubt - told when something was refused that one may not do
 * @returns what ends that
 */
export function onRightsDoubted(doubt: () => void): () => void {
  addEventListener(DOUBTED, doubt);
  return () => {
    removeEventListener(DOUBTED, doubt);
  };
}

/**
 * @param asked - a request of {@link api}
 * @returns what was answered
 * @throws Refusal
 */
export async function answerOf<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await asked.catch((reason: unknown) => {
    if (reason instanceof DOMException && reason.name === "AbortError") throw reason;
    throw new Refusal(0, {});
  });
  if (response.ok) return data as T;
  hearRefusal(response.status);
  throw new Refusal(response.status, error ?? {});
}
