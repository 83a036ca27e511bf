import { ask, type Answer } from "./http-client.js";

/** What a browser keeps and does, without one. */
export interface OidcBrowser {
  /** Cookies by name, of all ports of a host, as browsers have them. */
  readonly cookies: Map<string, string>;
  /** Asks with the cookies of that host, keeps those that it sets, and follows nothing. */
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Logs in at a provider, from where a client sent the browser. @returns where the provider sends it back to */
  logInAt(location: string, uid: string): Promise<string>;
  /** Says no there. @returns the same */
  declineAt(location: string): Promise<string>;
}

const FORM = { "Content-Type": "application/x-www-form-urlencoded" };
const MOST_STEPS = 12;

/** @returns one that was nowhere yet */
export function oidcBrowser(): OidcBrowser {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (host: string) => {
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };
  const send = async (url: string, options: Parameters<typeof ask>[2] = {}) => {
    const { origin, hostname, pathname, search } = new URL(url);
    const jar = jarOf(hostname);
    const Cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await ask(origin, pathname + search, {
      ...options,
      headers: { ...(Cookie === "" ? {} : { Cookie }), ...options.headers },
    });
    for (const line of answer.headers["set-cookie"] ?? []) keep(jar, line);
    return answer;
  };
  const follow = async (location: string, form: (page: string) => string | null) => {
    let url = location;
    const { origin } = new URL(location);
    for (let step = 0; step < MOST_STEPS; step += 1) {
      let answer = await send(url);
      if (answer.status === 200) {
        const body = form(answer.body.toString());
        if (body === null) answer = await send(`${url}/abort`);
        else answer = await send(url, { method: "POST", headers: FORM, body });
      }
      if (answer.headers.location === undefined)
        throw new Error(`${url}: ${answer.status} ${answer.body.toString().slice(0, 500)}`);
      url = new URL(answer.headers.location, url).href;
      if (new URL(url).origin !== origin) return url;
    }
    throw new Error(`still at ${url}`);
  };
  return {
    cookies: jarOf("127.0.0.1"),
    get: (url, headers = {}) => send(url, { headers }),
    logInAt: (location, uid) =>
      follow(location, (page) =>
        page.includes('value="login"')
          ? `prompt=login&login=${uid}&password=any`
          : "prompt=consent",
      ),
    declineAt: (location) => follow(location, () => null),
  };
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = "", ...attributes] = line.split(/; */);
  const at = pair.indexOf("=");
  const name = pair.slice(0, at);
  const isGone = attributes.some((one) => /^max-age=0$/i.test(one) || /^expires=Thu, 01 Jan 1970/i.test(one)); // prettier-ignore
  if (isGone) jar.delete(name);
  else jar.set(name, pair.slice(at + 1));
}
