import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { NO_TLS } from "#service-kit/db/tls.js";
import { Secret } from "#service-kit/secret.js";
import { loginsOf } from "#tests/integration/oidc/support.js";
import { eventually } from "#tests/support/eventually.js";
import { OIDC_CLIENT, startOidcProvider, type OidcProvider } from "#tests/support/oidc-provider.js";
import { registryClient } from "#tests/support/registry-client.js";
import { SILENT } from "#tests/support/silent.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { AXE, inBrowser, objections, useBrowser, type Pages } from "#tests/support/use-browser.js";
import { logInBefore, logInOn } from "#tests/support/web-page.js";

let stack: TestStack;
let pages: Pages;
let provider: OidcProvider;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let db: Database;

const POLICY = `
rules:
  - { id: own, effect: allow, actions: [pull, push], repositories: ["\${team}/**"], who: logged-in }
  - { id: lists, effect: allow, actions: [catalog], who: logged-in }
`;
const ALICE_IN_GAMMA = 'teams: { gamma: ["/employees/alice"] }\n';
const fileOf = (name: string) => join(folder.path, name);
const writeLogins = (teams: string) =>
  writeFile(fileOf("logins.yaml"), loginsOf(provider.issuer) + teams);

/** @returns how the services find the stack's database */
async function openLedger(): Promise<Database> {
  const { postgres = "" } = await stack.addresses();
  const { hostname: host, port } = new URL(postgres);
  const password = (await readFile(join(stack.dataDir, "secrets", "postgres"), "utf8")).trim();
  const server = { host, port: Number(port), database: "wharfinger", user: "wharfinger" };
  const config = { ...server, password: new Secret(password), tls: NO_TLS };
  return openDatabase(config, { name: "test", connections: 1 }, SILENT);
}

/** As if so much time had gone since somebody was there, or since the session began. */
const age = (column: "used_at" | "begun_at", seconds: number) =>
  db.query(`update ledger.page_session set ${column} = ${column} - $1 * interval '1 second'`, [
    seconds,
  ]);

async function openPage(place: string): Promise<Page> {
  const watched = await pages.open();
  await watched.page.goto(`${stack.url}/ui/${place}`);
  return watched.page;
}

async function loggedIn(place: string, token = "alice-token"): Promise<Page> {
  const { page } = await pages.open();
  await logInBefore(page, stack.url, token);
  await page.goto(`${stack.url}/ui/${place}`);
  await page.getByRole("button", { name: "Log out" }).waitFor();
  return page;
}

const byCompany = (page: Page) => page.getByRole("link", { name: "Log in with Example Company" });

/** On the provider's page. */
async function logInThere(page: Page, uid: string): Promise<void> {
  await page.getByPlaceholder("Enter any login").fill(uid);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}

const isOver = (page: Page) => page.getByText("Your session has ended.").waitFor();

inBrowser("logging in on the web page", () => {
  pages = useBrowser();
  beforeAll(async () => {
    folder = await temporaryFolder();
    provider = await startOidcProvider();
    await writeLogins(ALICE_IN_GAMMA);
    await writeFile(fileOf("policy.yaml"), POLICY);
    await writeFile(fileOf("secret"), OIDC_CLIENT.secret);
    await writeFile(
      fileOf("page-logins.yaml"),
      `issuers: [{ name: company, title: Example Company, issuer: "${provider.issuer}", clientId: ${OIDC_CLIENT.id}, clientSecretFile: secret }]\n`,
    );
    stack = await startTestStack({
      env: {
        ...{ ADMIN_TEAMS: "beta", DISCOVERY_SECONDS: "0", TRUSTED_PROXIES: "127.0.0.1" },
        ...{ LOGINS_FILE: fileOf("logins.yaml"), POLICY_FILE: fileOf("policy.yaml") },
        PAGE_LOGINS_FILE: fileOf("page-logins.yaml"),
      },
    });
    provider.open([`${stack.url}/api/v1/session/oidc/company/callback`]);
    db = await openLedger();
    for (const name of ["alpha/app", "gamma/secret"])
      await registryClient(stack.url, "alice-token").push(name, "1.0", name);
  }, 120_000);
  afterAll(async () => {
    await db.close();
    await stack.stop();
    await provider.stop();
    await folder.remove();
  });

  test("goes by the provider's page, another site, and comes back to where one wanted to go", async () => {
    const page = await openPage("login?to=repositories%2Falpha%2Fapp%2F-%2F");
    await byCompany(page).click();
    await page.waitForURL(`${provider.issuer}/**`);
    await logInThere(page, "carol");
    await page.getByRole("heading", { name: "alpha/app", level: 1 }).waitFor();
    expect(page.url()).toBe(`${stack.url}/ui/repositories/alpha/app/-/`);
    await page.getByRole("banner").getByText("carol").waitFor();
    const cookies = await page.context().cookies(stack.url);
    expect(cookies.map(({ name, sameSite, httpOnly }) => [name, sameSite, httpOnly])).toEqual([["wharfinger", "Strict", true]]); // prettier-ignore
    // The code, which was in an address, is in none that one gets back to.
    await page.goBack();
    expect(page.url()).not.toContain("code=");
  });

  test("says what to do when one declines there, and when the provider does not answer", async () => {
    const page = await openPage("login?to=robots");
    await byCompany(page).click();
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByRole("alert").getByText("the other page was told no").waitFor();
    provider.close();
    // What the provider says of itself is remembered: it is its page that does not answer.
    await stack.killAndAwait("gateway");
    await page.getByRole("link", { name: "Log in with Example Company" }).click();
    await page.getByRole("alert").getByText("does not answer for the moment").waitFor();
    await page.getByText(/^Request /).waitFor();
    provider.open([]);
    await byCompany(page).click();
    await logInThere(page, "carol");
    await page.getByRole("heading", { name: "Robots", level: 1 }).waitFor();
  });

  test("has nothing that axe objects to where one logs in, with what went wrong before", async () => {
    const watched = await pages.open({ bypassCSP: true });
    const { page } = watched;
    for (const look of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: look });
      await page.goto(`${stack.url}/ui/login?problem=refused&request=r-1`);
      await byCompany(page).waitFor();
      await page.evaluate(AXE);
      expect(await page.evaluate(objections("{}"))).toEqual([]);
    }
  });

  test("shows where one is logged in, and ends another session, and all others", async () => {
    const elsewhere = [await loggedIn(""), await loggedIn("")];
    const page = await loggedIn("logins");
    const table = page.getByRole("region", { name: "Sessions on this page" });
    await table.getByText("this one").waitFor();
    const rows = table.getByRole("row").filter({ hasText: /Chrome/ });
    // Those of other tests may stand there, too.
    const all = await rows.count();
    expect(all).toBeGreaterThanOrEqual(3);
    await table.getByRole("button", { name: "End" }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: "End" }).click();
    await eventually("it is one fewer", async () => (await rows.count()) === all - 1);
    await page.getByRole("button", { name: "End all others" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "End all others" }).click();
    await eventually("this one is left", async () => (await rows.count()) === 1);
    for (const other of elsewhere) {
      await other.getByRole("link", { name: "Robots" }).click();
      await other.getByLabel("Team").fill("alpha");
      await other.getByRole("button", { name: "Ask" }).click();
      await isOver(other);
    }
  });

  test("shows administrators the sessions of somebody else", async () => {
    await loggedIn("");
    const page = await loggedIn("logins", "bob-token");
    await page.getByText("Sessions of somebody else").click();
    await page.getByLabel("Realm").fill("/employees");
    await page.getByLabel("Name in it").fill("alice");
    await page.getByRole("button", { name: "Ask" }).click();
    const table = page.getByRole("region", { name: "Sessions of /employees/alice" });
    await table.getByRole("button", { name: "End" }).first().waitFor();
  });

  test("logs all tabs in and out together", async () => {
    const page = await loggedIn("logins");
    const other = await page.context().newPage();
    await other.goto(`${stack.url}/ui/robots`);
    await other.getByRole("button", { name: "Log out" }).waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await isOver(other);
    await logInOn(other, "alice-token");
    await other.getByRole("heading", { name: "Robots", level: 1 }).waitFor();
    await page.getByRole("button", { name: "Log out" }).waitFor();
  });

  test("takes a team away under an open page: the button is gone, and so is the private repository", async () => {
    const place = "repositories/gamma/secret/-/";
    const page = await loggedIn(place);
    await page.getByRole("button", { name: "Describe it" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Description").fill("mine");
    await writeLogins("");
    const explained = `${stack.url}/api/v1/explain?action=push&repository=gamma/secret`;
    const headers = { Authorization: "Bearer alice-token" };
    await eventually("the team is gone", async () => {
      const { allow } = (await (await fetch(explained, { headers })).json()) as { allow: boolean };
      return !allow;
    });
    // Gateways remember what the token server says for a minute, for one address: the browser comes from another one now.
    await page.setExtraHTTPHeaders({ "X-Forwarded-For": "192.0.2.77" });
    await dialog.getByRole("button", { name: "Describe it" }).click();
    await page.getByText("You may not do this, or may no longer.").first().waitFor();
    await page.getByRole("button", { name: "Describe it" }).first().waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Activity" }).click();
    await page.getByText("There is nothing here, or you may not see it.").first().waitFor();
    await page.getByRole("link", { name: "Repositories", exact: true }).click();
    await page.getByRole("link", { name: "alpha/app" }).waitFor();
    expect(await page.getByRole("link", { name: "gamma/secret" }).count()).toBe(0);
    await writeLogins(ALICE_IN_GAMMA);
  });

  test("ends when nobody is there: what the page asks by itself keeps nothing, and it says so unasked", async () => {
    const watched = await pages.open();
    const { page } = watched;
    await page.clock.install();
    await page.goto(`${stack.url}/ui/login`);
    await logInOn(page, "alice-token");
    await page.getByRole("link", { name: "alpha/app" }).click();
    await page.getByRole("link", { name: "1.0", exact: true }).waitFor();
    await age("used_at", 3_000);
    const used = async () => (await db.query<{ at: Date }>("select max(used_at) as at from ledger.page_session")).rows[0]?.at; // prettier-ignore
    const before = await used();
    // Nobody has touched it for more than a minute.
    await page.clock.fastForward(70_000);
    await page.evaluate("history.back()");
    await page.getByRole("link", { name: "alpha/app" }).waitFor();
    expect(await used()).toEqual(before);
    await page.getByRole("link", { name: "alpha/app" }).click();
    await page.getByRole("link", { name: "1.0", exact: true }).waitFor();
    expect(await used()).not.toEqual(before);
    await age("used_at", 3_700);
    await page.clock.fastForward(3_700_000);
    await isOver(page);
  });

  test("ends after its time though somebody is there, and comes back to where one was", async () => {
    const page = await loggedIn("repositories/alpha/app/-/");
    await page.getByRole("link", { name: "1.0", exact: true }).waitFor();
    await age("begun_at", 43_300);
    await page.getByRole("link", { name: "1.0", exact: true }).click();
    await isOver(page);
    await logInOn(page, "alice-token");
    await page.getByRole("heading", { name: "1.0", level: 1 }).waitFor();
  });
});
