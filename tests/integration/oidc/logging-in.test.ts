import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { oidcBrowser } from "#tests/support/oidc-browser.js";
import { locationOf, startOidcStack, type OidcStack } from "./support.js";

let stack: OidcStack;
beforeAll(async () => {
  stack = await startOidcStack();
}, 60_000);
afterAll(() => stack.stop());

async function onRecord(action: string) {
  await stack.gateway.flushTally();
  return (await stack.ledger.audited())
    .filter((entry) => entry.action === action)
    .map(({ actor, reason }) => ({ uid: actor.uid, reason }));
}

async function accepted(): Promise<number> {
  const metrics = await stack.gateway.metrics();
  return Number(/^page_logins_total\{outcome="accepted"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
}

describe("whoever logs in by a provider's page", () => {
  test("comes back to where they wanted to go, logged in as whom the provider says they are", async () => {
    const before = await accepted();
    const browser = oidcBrowser();
    const location = await stack.begin(browser, "repositories/alpha/app/-/?sort=version");
    const asked = new URL(location).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      ...{ response_type: "code", client_id: "wharfinger", code_challenge_method: "S256" },
      ...{ scope: "openid", redirect_uri: stack.callback },
    });
    const back = await browser.logInAt(location, "carol");
    expect(back).toContain(`iss=${encodeURIComponent(stack.provider.issuer)}`);
    const answer = await browser.get(back);
    expect(locationOf(answer)).toBe("/ui/repositories/alpha/app/-/?sort=version");
    expect(answer.headers["set-cookie"]).toEqual([
      "wharfinger-login=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
      expect.stringMatching(/^wharfinger=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/),
    ]);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(await stack.session(browser)).toMatchObject({
      ...{ uid: "carol", realm: "/people", kind: "oidc", isAdministrator: false },
    });
    expect(await onRecord("session.begun")).toContainEqual({
      uid: "carol",
      reason: "somebody has logged in on the web page, by that of company",
    });
    expect(await accepted()).toBe(before + 1);
  });

  test("administers where their groups say so", async () => {
    const browser = oidcBrowser();
    await browser.get(await browser.logInAt(await stack.begin(browser), "dave"));
    expect(await stack.session(browser)).toMatchObject({ uid: "dave", isAdministrator: true });
  });

  test("finds each provider on the page, by name and title", async () => {
    const { body } = await stack.rest("/session", { token: null });
    expect(JSON.parse(body.toString())).toEqual({
      login: null,
      issuers: [
        { name: "company", title: "Example Company" },
        { name: "other", title: "Example Company" },
      ],
    });
    expect((await stack.rest("/session/oidc/nobodys", { token: null })).status).toBe(404);
  });

  test("is told on the page that they declined, and is nobody", async () => {
    const browser = oidcBrowser();
    const back = await browser.declineAt(await stack.begin(browser, "robots"));
    const place = new URL(locationOf(await browser.get(back)), "http://here");
    expect([place.pathname, place.searchParams.get("problem"), place.searchParams.get("to")]).toEqual(["/ui/login", "declined", "robots"]); // prettier-ignore
    expect(await stack.session(browser)).toBeNull();
    expect(await onRecord("session.refused")).toContainEqual({
      uid: "",
      reason: 'logging in by an issuer\'s page: the issuer says "access_denied"',
    });
  });

  test("ends the session that was there before", async () => {
    const browser = oidcBrowser();
    await browser.get(await browser.logInAt(await stack.begin(browser), "carol"));
    const first = browser.cookies.get("wharfinger") ?? "";
    await browser.get(await browser.logInAt(await stack.begin(browser), "carol"));
    const other = oidcBrowser();
    other.cookies.set("wharfinger", first);
    expect(await stack.session(other)).toBeNull();
    expect(await stack.session(browser)).not.toBeNull();
  });

  test("is told to try again while the provider does not answer, and can then", async () => {
    const browser = oidcBrowser();
    const back = await browser.logInAt(await stack.begin(browser), "carol");
    stack.provider.close();
    expect(locationOf(await browser.get(back))).toMatch(
      /^\/ui\/login\?problem=unavailable&request=/,
    );
    stack.provider.open([]);
    await browser.get(await browser.logInAt(await stack.begin(browser), "carol"));
    expect(await stack.session(browser)).toMatchObject({ uid: "carol" });
  });
});
