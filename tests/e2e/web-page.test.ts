import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { SCREENS } from "#tests/screenshots/screens.js";
import { seed, SEEDED_STACK } from "#tests/screenshots/seed.js";
import { eventually } from "#tests/support/eventually.js";
import { registryClient } from "#tests/support/registry-client.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { AXE, inBrowser, objections, useBrowser, type Pages } from "#tests/support/use-browser.js";
import { logInBefore, logInOn, type WatchedPage } from "#tests/support/web-page.js";

let stack: TestStack;
let pages: Pages;

async function loggedIn(
  place: string,
  options: Parameters<Pages["open"]>[0] = {},
  token = "alice-token",
): Promise<WatchedPage> {
  const watched = await pages.open(options);
  await logInBefore(watched.page, stack.url, token);
  await watched.page.goto(`${stack.url}/ui/${place}`);
  return watched;
}

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };
const WALL = { width: 2_560, height: 1_440 };
/** Each screen is looked at so, and by what of axe's can differ there. */
const LOOKS = [
  { look: { colorScheme: "light" }, size: DESKTOP, rules: "{}" },
  { look: { colorScheme: "dark" }, size: DESKTOP, rules: "{ runOnly: ['color-contrast'] }" },
  {
    look: { colorScheme: "light" },
    size: PHONE,
    rules: "{ runOnly: ['scrollable-region-focusable', 'target-size', 'link-in-text-block'] }",
  },
  { look: { colorScheme: "light" }, size: WALL, rules: null },
] as const;

/** The session is known when the page was drawn without it, and before what the page does after its first drawing. */
const ANSWER_BETWEEN = `
  const { setTimeout: wait, requestAnimationFrame: frame, fetch: ask } = window;
  const held = [];
  window.requestAnimationFrame = (draw) => held.push(draw);
  window.setTimeout = (run, ms, ...told) => (ms < 100 ? held.push(run) : wait(run, ms, ...told));
  const goOn = () => {
    Object.assign(window, { setTimeout: wait, requestAnimationFrame: frame, fetch: ask });
    for (const run of held) run(performance.now());
  };
  const drawn = new Promise((resolve) => {
    new MutationObserver(() => document.querySelector(".spinner") && resolve()).observe(document, { childList: true, subtree: true });
  });
  window.fetch = async (asked, how) => {
    const answer = await ask(asked, how);
    if (!asked.url.endsWith("/session")) return answer;
    await drawn;
    wait(goOn, 100);
    return answer;
  };
`;

const settled = (page: Page) => page.locator("body:not(:has(.spinner)) h1").waitFor();

inBrowser("the web page", () => {
  pages = useBrowser(({ origins }) => {
    // Nothing is asked of another host, ever.
    expect([...origins].filter((one) => one !== stack.url && one !== "null")).toEqual([]);
  });
  beforeAll(async () => {
    stack = await startTestStack({ env: SEEDED_STACK });
    await seed(stack.url);
  });
  afterAll(async () => {
    await stack.stop();
  });

  test("refuses a wrong login and says so, takes a right one, and leads where one wanted to go", async () => {
    const { page } = await pages.open();
    await page.goto(`${stack.url}/ui/login?to=${encodeURIComponent("robots?team=alpha")}`);
    await page.getByLabel("Password or token").fill("nobodys-token");
    await page.getByRole("main").getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").getByText("That login is wrong.").waitFor();
    await logInOn(page, "alice-token");
    await page.getByRole("heading", { name: "Robots", level: 1 }).waitFor();
    expect(page.url()).toBe(`${stack.url}/ui/robots?team=alpha`);
    expect(await page.evaluate("document.cookie + Object.keys(localStorage).length")).toBe("0");
  });

  test("finds a repository, opens a tag, and copies the command that pulls it", async () => {
    const { page } = await loggedIn("");
    await page.getByRole("searchbox").fill("pay");
    await page.getByRole("link", { name: "alpha/payments" }).click();
    expect(page.url()).toContain("/ui/repositories/alpha/payments/-/");
    await page.getByRole("link", { name: "1.10.0", exact: true }).click();
    await page.getByRole("heading", { name: "1.10.0", level: 1 }).waitFor();
    await page.getByText("It never means anything else again").waitFor();
    await page.getByLabel("Tool").selectOption("podman");
    const command = `podman pull ${new URL(stack.url).host}/alpha/payments:1.10.0`;
    await page.getByRole("button", { name: `Copy: ${command}`, exact: true }).click();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(command);
    await page.goBack();
    await page.getByRole("heading", { name: "alpha/payments", level: 1 }).waitFor();
  });

  test("keeps a choice that was made as soon as it could be, before anything else was done", async () => {
    const { page } = await loggedIn("repositories/alpha/payments/-/");
    await page.getByRole("link", { name: "1.10.0", exact: true }).waitFor();
    // In the moment in which it comes into the page, which is before the browser has drawn it.
    await page.evaluate(`new MutationObserver((_, observer) => {
      const tool = document.querySelector("select:has(option:nth-child(4))");
      if (tool === null || !tool.textContent.includes("podman")) return;
      observer.disconnect();
      tool.value = "podman";
      tool.dispatchEvent(new Event("change", { bubbles: true }));
    }).observe(document.body, { childList: true, subtree: true })`);
    await page.getByRole("link", { name: "1.10.0", exact: true }).click();
    const command = `podman pull ${new URL(stack.url).host}/alpha/payments:1.10.0`;
    await page.getByRole("button", { name: `Copy: ${command}`, exact: true }).waitFor();
  });

  test("sorts versions as people do", async () => {
    const { page } = await loggedIn("repositories/alpha/payments/-/?sort=version");
    await page.getByRole("link", { name: "1.9.0", exact: true }).waitFor();
    const names = await page.locator("tbody th a").allInnerTexts();
    expect(names.slice(0, 4)).toEqual(["2.0.0", "2.0.0-rc.1", "1.10.0", "1.9.0"]);
  });

  test("shows a push as it happens, without a reload, and says so to a screen reader", async () => {
    const { page, answered } = await loggedIn("repositories/alpha/mailer/-/");
    await page.getByRole("link", { name: "2.0.0", exact: true }).waitFor();
    await eventually("it follows what happens", () => answered.has("/api/v1/events"));
    await registryClient(stack.url, "ci-token").push("alpha/mailer", "3.0.0", "the newest");
    await page.getByRole("link", { name: "3.0.0", exact: true }).waitFor();
    await page.getByRole("status").getByText("robot-ci: alpha/mailer:3.0.0 pushed").waitFor();
  });

  test("shows who tried to move a tag, and what stays", async () => {
    const { page } = await loggedIn("repositories/alpha/checkout/-/tags/2.0.0?part=history");
    const entry = page.getByRole("listitem").filter({ hasText: "alice tried to push 2.0.0" });
    await entry.waitFor();
    expect(await entry.innerText()).toMatch(
      /The tag stands already, and never means anything else.*Offered [0-9a-f]{12}.*It stays [0-9a-f]{12}/s,
    );
  });

  test("logs out on the server, and comes back from a session that ended elsewhere to where one was", async () => {
    const { page } = await loggedIn("logins");
    // All that this screen asks for is there: what it asked later would be refused already.
    await page.getByText("this one").waitFor();
    await page.getByText("No program keeps a login of yours.").waitFor();
    const [cookie] = await page.context().cookies();
    const answer = await fetch(`${stack.url}/api/v1/session`, {
      method: "DELETE",
      headers: { Cookie: `${cookie?.name}=${cookie?.value}`, "X-Wharfinger-Page": "active" },
    });
    expect(answer.status).toBe(204);
    await page.getByRole("link", { name: "Robots" }).click();
    await page.getByLabel("Team").fill("alpha");
    await page.getByRole("button", { name: "Ask" }).click();
    await page.getByText("Your session has ended.").waitFor();
    await logInOn(page, "alice-token");
    await page.getByRole("heading", { name: "New robot" }).waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("banner").getByRole("link", { name: "Log in" }).waitFor();
    expect(await page.context().cookies()).toEqual([]);
  });

  test("shows no button that one may not use, and nothing of operations to others", async () => {
    const { page } = await loggedIn("repositories/alpha/checkout/-/", {}, "bob-token");
    await page.getByRole("link", { name: "2.0.0", exact: true }).waitFor();
    expect(await page.getByRole("button", { name: "Describe it" }).count()).toBe(0);
    expect(await page.getByRole("link", { name: "Operations" }).count()).toBe(0);
    await page.goto(`${stack.url}/ui/operations`);
    await page.getByText("You may not see this.").first().waitFor();
  });

  test("lets administrators make the registry read-only, by its name, and takes pushes again", async () => {
    const { page } = await loggedIn("operations");
    await page.getByRole("button", { name: "Make it read-only" }).click();
    const dialog = page.getByRole("dialog");
    const confirm = dialog.getByRole("button", { name: "Make it read-only" });
    await dialog.getByLabel("Reason").fill("the storage is moved");
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel("to confirm").fill("read-only");
    await confirm.click();
    await page.getByText("Read-only: pushes are refused.").waitFor();
    await page.getByRole("button", { name: "Take pushes again" }).click();
    await page.getByRole("dialog").getByLabel("Reason").fill("it is moved");
    await page.getByRole("dialog").getByRole("button", { name: "Take pushes again" }).click();
    await page.getByText("Pushes are welcome.").waitFor();
  });

  test("is used by the keyboard alone", async () => {
    const { page } = await pages.open();
    await page.goto(`${stack.url}/ui/login`);
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await page.keyboard.press("Tab");
    await page.getByRole("link", { name: "Skip to the content" }).waitFor();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.type("alice-token");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Log out" }).waitFor();
    // Whoever arrives is at the heading.
    await page.locator("h1:focus").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.type("catalog");
    await page.locator(".card").nth(1).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "alpha/catalog" }).waitFor();
    for (let i = 0; i < 4; i += 1) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "alpha/catalog", level: 1 }).waitFor();
  });

  test("says so when the rest of the page cannot be had, and asks for the page as it is now", async () => {
    const { page } = await pages.open();
    let isGone = true;
    await page.route("**/assets/later-*.js", (route) =>
      isGone ? route.fulfill({ status: 404 }) : route.continue(),
    );
    await page.goto(`${stack.url}/ui/login?to=robots`);
    await logInOn(page, "alice-token");
    await page.getByRole("alert").getByText("The registry cannot be reached.").waitFor();
    isGone = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "Robots", level: 1 }).waitFor();
  });

  test("is there though it learns who is there just when it was drawn without", async () => {
    const { page } = await pages.open();
    await page.addInitScript(ANSWER_BETWEEN);
    await page.goto(`${stack.url}/ui/refusals`);
    await page.getByRole("heading", { name: "Refusals", level: 1 }).waitFor();
  });

  test("speaks German to whose browser does", async () => {
    const { page } = await pages.open({ locale: "de-AT" });
    await page.goto(`${stack.url}/ui/login`);
    await page.getByRole("heading", { name: "Anmelden" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("de");
  });

  test("has nothing that axe objects to on any screen, in both themes and on a phone, and nothing beside the screen", async () => {
    const { page, complaints } = await loggedIn("", { bypassCSP: true });
    await page.evaluate(AXE);
    for (const [name, place] of Object.entries(SCREENS)) {
      await page.evaluate(
        `history.pushState(null, "", "/ui/${place}"); dispatchEvent(new Event("wharfinger:place"))`,
      );
      await settled(page);
      for (const { look, size, rules } of LOOKS) {
        await page.emulateMedia(look);
        await page.setViewportSize(size);
        const found = rules === null ? [] : await page.evaluate(objections(rules));
        const isBeside = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
        expect([name, size.width, found, isBeside]).toEqual([name, size.width, [], false]);
      }
    }
    // What is not there is asked for, and said.
    expect(complaints.filter((one) => !one.includes("404"))).toEqual([]);
  });
});
