import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { oidcBrowser, type OidcBrowser } from "#tests/support/oidc-browser.js";
import {
  locationOf,
  PAGE,
  startOidcStack,
  type OidcStack,
} from "#tests/integration/oidc/support.js";

let stack: OidcStack;
beforeAll(async () => {
  stack = await startOidcStack();
}, 60_000);
afterAll(() => stack.stop());

/** @returns where a browser was sent away to, and with what it is sent back */
async function atTheCallback(browser: OidcBrowser, uid = "carol") {
  const location = await stack.begin(browser);
  return { location, back: await browser.logInAt(location, uid) };
}

const problemAt = async (browser: OidcBrowser, url: string) =>
  new URL(locationOf(await browser.get(url)), stack.gateway.url).searchParams.get("problem");

/** @returns the address with one parameter of the query changed */
function changed(address: string, name: string, value: string | null): string {
  const url = new URL(address);
  if (value === null) url.searchParams.delete(name);
  else url.searchParams.set(name, value);
  return url.href;
}

describe("whoever wants another one's browser to be logged in as themselves (RFC 6749, section 10.12)", () => {
  test("cannot give it an address to come back to: the state is of the browser that was sent away", async () => {
    const mallory = oidcBrowser();
    const { back } = await atTheCallback(mallory, "dave");
    const alices = oidcBrowser();
    expect(await problemAt(alices, back)).toBe("not-begun");
    await stack.begin(alices);
    expect(await problemAt(alices, back)).toBe("not-begun");
    expect(await stack.session(alices)).toBeNull();
  });

  test("cannot have it sent to the provider by a link on another site", async () => {
    const browser = oidcBrowser();
    for (const site of ["cross-site", "same-site"]) {
      const answer = await browser.get(`${stack.begins}?to=robots`, { "Sec-Fetch-Site": site });
      expect(locationOf(answer)).toBe("/ui/login?to=robots");
      expect(answer.headers["set-cookie"]).toBeUndefined();
    }
  });

  test("cannot make up what a browser is sent away with, nor change it", async () => {
    const browser = oidcBrowser();
    const { back } = await atTheCallback(browser);
    const cookie = browser.cookies.get("wharfinger-login") ?? "";
    for (const made of ["", "x", `${cookie.slice(0, -4)}AAAA`, cookie.slice(4)]) {
      browser.cookies.set("wharfinger-login", made);
      expect(await problemAt(browser, back)).toBe("not-begun");
    }
  });
});

describe("whoever has seen what a provider sent a browser back with", () => {
  test.each([
    ["another state", "state", "other"],
    ["no state", "state", null],
  ])("gets nothing with %s", async (_, name, value) => {
    const browser = oidcBrowser();
    const { back } = await atTheCallback(browser);
    expect(await problemAt(browser, changed(back, name, value))).toBe("not-begun");
    expect(await stack.session(browser)).toBeNull();
  });

  test("gets nothing by a code that was used already, in whatever browser", async () => {
    const browser = oidcBrowser();
    const { back } = await atTheCallback(browser);
    const away = browser.cookies.get("wharfinger-login") ?? "";
    expect(await problemAt(browser, back)).toBeNull();
    expect(browser.cookies.has("wharfinger-login")).toBe(false);
    expect(await problemAt(browser, back)).toBe("not-begun");
    const thief = oidcBrowser();
    thief.cookies.set("wharfinger-login", away);
    expect(await problemAt(thief, back)).toBe("refused");
    expect(await stack.session(thief)).toBeNull();
  });

  test("cannot put another login's code in: its verifier is another one (RFC 7636)", async () => {
    const browser = oidcBrowser();
    const { back } = await atTheCallback(browser);
    const mallory = oidcBrowser();
    const other = await atTheCallback(mallory, "dave");
    const code = new URL(other.back).searchParams.get("code");
    expect(await problemAt(browser, changed(back, "code", code))).toBe("refused");
    expect(await stack.session(browser)).toBeNull();
  });
});

describe("a provider that mixes up who is who", () => {
  test("is not believed with an ID token for another login: its nonce is another one", async () => {
    const browser = oidcBrowser();
    const location = changed(await stack.begin(browser), "nonce", "of-another-login");
    expect(await problemAt(browser, await browser.logInAt(location, "carol"))).toBe("refused");
    expect(await stack.session(browser)).toBeNull();
  });

  test("gets no code of another one's (RFC 9207): the answer says who gives it, and comes back to that one's place", async () => {
    const browser = oidcBrowser();
    const before = stack.provider.tokenRequests();
    const first = await atTheCallback(browser);
    expect(await problemAt(browser, changed(first.back, "iss", "https://mallory.example"))).toBe("refused"); // prettier-ignore
    const second = await atTheCallback(browser);
    expect(await problemAt(browser, changed(second.back, "iss", null))).toBe("refused");
    const third = await atTheCallback(browser);
    expect(await problemAt(browser, third.back.replace("/oidc/company/", "/oidc/other/"))).toBe("not-begun"); // prettier-ignore
    expect(stack.provider.tokenRequests()).toBe(before);
  });

  test("logs nobody in whom the token server does not know by its ID token", async () => {
    stack.provider.people.set("x".repeat(300), []);
    const browser = oidcBrowser();
    const { back } = await atTheCallback(browser, "x".repeat(300));
    expect(await problemAt(browser, back)).toBe("refused");
    expect(await stack.session(browser)).toBeNull();
  });
});

describe("an address that leads away from the page", () => {
  test.each([
    ["https://mallory.example/"],
    ["//mallory.example/"],
    ["/\\mallory.example"],
    ["../api/v1/session/oidc/company"],
    ["..%2f..%2fapi"],
    ["\t//mallory.example"],
    [`x${"y".repeat(1_500)}`],
  ])("leads to a place of the page: %j", async (to) => {
    const browser = oidcBrowser();
    const away = await browser.get(`${stack.begins}?to=${encodeURIComponent(to)}`);
    if (away.status === 400) return;
    const answer = await browser.get(await browser.logInAt(locationOf(away), "carol"));
    const target = new URL(locationOf(answer), stack.gateway.url);
    expect(target.origin).toBe(stack.gateway.url);
    expect(target.pathname).toMatch(/^\/ui\//);
    expect(target.searchParams.get("problem")).toBeNull();
  });
});

describe("another site's page", () => {
  test("ends none of the sessions of whoever is logged in, and sees none", async () => {
    const browser = oidcBrowser();
    const { back } = await atTheCallback(browser);
    await browser.get(back);
    const listed = `${stack.gateway.url}/api/v1/sessions`;
    // Without the header that our page alone can send, the cookie says nothing.
    expect((await browser.get(listed)).status).toBe(401);
    expect((await browser.get(listed, PAGE)).status).toBe(200);
  });
});
