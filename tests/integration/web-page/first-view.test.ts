import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import {
  putImage,
  startRestStack,
  type RestStack,
} from "#tests/integration/rest-api/support/stack.js";
import { inBrowser, useBrowser, type Pages } from "#tests/support/use-browser.js";
import { logInBefore } from "#tests/support/web-page.js";

const SCRIPT = "**/assets/page-*.js";
/** Said of the field by a test, and lost when another one takes its place. */
const SAME = "wharfinger-test";

let stack: RestStack;
let url: string;
let pages: Pages;

/** @returns lets the page have its script, which it waits for until then */
async function holdScript(page: Page): Promise<() => void> {
  let letGo: () => void = () => undefined;
  const goOn = new Promise<void>((resolve) => (letGo = resolve));
  await page.route(SCRIPT, async (route) => {
    await goOn;
    await route.continue();
  });
  return letGo;
}

inBrowser("the first view of the web page", () => {
  pages = useBrowser();
  beforeAll(async () => {
    stack = await startRestStack();
    ({ url } = stack.gateway);
    for (const name of ["one", "two"]) await putImage(stack.ledger, `alpha/${name}`, "1.0", name);
  });
  afterAll(() => stack.stop());

  test("is there before its script, and searches for what was typed meanwhile", async () => {
    const { page, complaints } = await pages.open();
    await logInBefore(page, url, "alice-token");
    const letGo = await holdScript(page);
    await page.goto(`${url}/ui/`, { waitUntil: "commit" });
    const field = page.getByRole("searchbox");
    await field.pressSequentially("tw");
    await page.evaluate(`document.querySelector("input").setAttribute("${SAME}", "")`);
    expect(await page.getByRole("button", { name: "Log out" }).count()).toBe(0);
    letGo();
    await page.getByRole("link", { name: "alpha/two" }).waitFor();
    await page.getByRole("button", { name: "Log out" }).waitFor();
    expect(await page.getByRole("link", { name: "alpha/one" }).count()).toBe(0);
    expect(page.url()).toBe(`${url}/ui/?q=tw`);
    await field.pressSequentially("o");
    expect(await field.inputValue()).toBe("two");
    // It is the field that was typed into, and it has kept the focus.
    expect(await page.locator(`input[${SAME}]:focus`).count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  test("takes a choice that was made before its script was there", async () => {
    const { page } = await pages.open();
    const letGo = await holdScript(page);
    await page.goto(`${url}/ui/`, { waitUntil: "commit" });
    await page.getByLabel("Order").selectOption("name");
    letGo();
    await page.waitForURL(`${url}/ui/?sort=name`);
    await page.getByLabel("Search in").selectOption("tags");
    await page.waitForURL(`${url}/ui/?sort=name&in=tags`);
  });

  test("shows what a text with a colon means that was typed before its script was there: tags", async () => {
    const { page } = await pages.open();
    const letGo = await holdScript(page);
    await page.goto(`${url}/ui/`, { waitUntil: "commit" });
    await page.getByRole("searchbox").fill("two:1");
    letGo();
    await page.getByRole("heading", { name: "Tags", level: 1 }).waitFor();
    const where = page.getByLabel("Search in");
    expect([await where.inputValue(), await where.isDisabled()]).toEqual(["tags", true]);
  });

  test("leads on by its links before its script was there", async () => {
    const { page } = await pages.open();
    const letGo = await holdScript(page);
    await page.goto(`${url}/ui/`, { waitUntil: "commit" });
    await page.getByRole("link", { name: "Refusals" }).click();
    letGo();
    await page.getByRole("heading", { name: "Refusals", level: 1 }).waitFor();
  });

  test("is drawn anew where the browser speaks another language than it asked for", async () => {
    const { page, complaints } = await pages.open({ locale: "de-AT" });
    await page.route(`${url}/ui/`, (route) =>
      route.continue({ headers: { ...route.request().headers(), "accept-language": "en" } }),
    );
    const letGo = await holdScript(page);
    await page.goto(`${url}/ui/`, { waitUntil: "commit" });
    await page.getByRole("heading", { name: "Repositories", level: 1 }).waitFor();
    letGo();
    await page.getByRole("heading", { name: "Repositorys", level: 1 }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("de");
    expect(await page.locator("h1, .skip").count()).toBe(2);
    expect(complaints.filter((one) => !one.includes("401"))).toEqual([]);
  });

  test("asks once for what it shows, whoever is there", async () => {
    const { page, requests } = await pages.open();
    await logInBefore(page, url, "alice-token");
    await page.goto(`${url}/ui/`);
    await page.getByRole("link", { name: "alpha/one" }).waitFor();
    await page.getByRole("button", { name: "Log out" }).waitFor();
    await page.getByText(/^2 repositories, 2 tags, /).waitFor();
    const lists = requests.filter((one) => /\/api\/v1\/(?!events)/.test(one));
    const names = lists.map((one) => new URL(one).pathname.slice("/api/v1/".length)).sort();
    expect(names).toEqual(["repositories", "session", "stats", "teams"]);
  });
});
