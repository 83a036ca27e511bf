import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { errorOf } from "#tests/support/http-client.js";
import { oidcBrowser, type OidcBrowser } from "#tests/support/oidc-browser.js";
import { PAGE, startOidcStack, type OidcStack } from "./support.js";

/** Shorter than what is left when the next one is asked for: each request asks. */
const AT_ONCE = { idTokenSeconds: 20, scopes: ["openid", "offline_access"] };

let stack: OidcStack;
/** Gives no refresh tokens. */
let without: OidcStack;
beforeAll(async () => {
  stack = await startOidcStack(AT_ONCE);
  without = await startOidcStack({ idTokenSeconds: 600 });
}, 90_000);
afterAll(async () => {
  await stack.stop();
  await without.stop();
});

async function loggedIn(at: OidcStack, uid = "carol"): Promise<OidcBrowser> {
  const browser = oidcBrowser();
  await browser.get(await browser.logInAt(await at.begin(browser), uid));
  return browser;
}

const sessions = ({ gateway }: OidcStack, browser: OidcBrowser) =>
  browser.get(`${gateway.url}/api/v1/sessions`, PAGE);

describe("a session by a provider's page", () => {
  test("goes on with the next ID token, for which one gateway asks at a time", async () => {
    const browser = await loggedIn(stack);
    const before = stack.provider.tokenRequests();
    const answers = await Promise.all(Array.from({ length: 5 }, () => sessions(stack, browser)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    // Each of them would have used the one refresh token, and the provider would have ended them all.
    expect(stack.provider.tokenRequests()).toBeGreaterThan(before);
    expect((await sessions(stack, browser)).status).toBe(200);
  });

  test("ends with the next request when its provider knows the person no more", async () => {
    const browser = await loggedIn(stack, "dave");
    const groups = stack.provider.people.get("dave") ?? [];
    stack.provider.people.delete("dave");
    const answer = await sessions(stack, browser);
    stack.provider.people.set("dave", groups);
    expect([answer.status, errorOf(answer).message]).toEqual([401, expect.stringContaining("its issuer does not renew it")]); // prettier-ignore
    expect((await sessions(stack, browser)).status).toBe(401);
  });

  test("goes on while its provider does not answer, as long as what it has is good", async () => {
    const browser = await loggedIn(stack);
    stack.provider.close();
    const answer = await sessions(stack, browser);
    stack.provider.open([]);
    expect(answer.status).toBe(200);
  });

  test("has what the provider says of somebody's groups with the next ID token", async () => {
    const browser = await loggedIn(stack);
    expect(await stack.session(browser)).toMatchObject({ isAdministrator: false });
    stack.provider.people.set("carol", ["beta"]);
    await stack.ledger.db.query("update ledger.page_session set renewing_until = null");
    expect(await stack.session(browser)).toMatchObject({ isAdministrator: true });
    stack.provider.people.set("carol", ["alpha"]);
  });

  test("ends with the ID token where the provider gives nothing to get another one", async () => {
    const browser = await loggedIn(without);
    const { endsAt } = (await without.session(browser)) as { readonly endsAt: string };
    const seconds = (Date.parse(endsAt) - Date.now()) / 1_000;
    expect(seconds).toBeGreaterThan(540);
    expect(seconds).toBeLessThanOrEqual(600);
  });

  test("has nothing of its tokens in the database that could be read", async () => {
    await loggedIn(stack);
    const { rows } = await stack.ledger.db.query("select * from ledger.page_session");
    const texts = (rows as Record<string, unknown>[]).flatMap(
      (row) =>
      Object.values(row).map((value) => (Buffer.isBuffer(value) ? value.toString("latin1") : String(value))), // prettier-ignore
    );
    expect(texts.join()).not.toMatch(/refreshToken|endsAt|eyJ/);
  });
});
