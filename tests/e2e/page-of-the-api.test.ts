import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { eventually } from "#tests/support/eventually.js";
import { registryClient } from "#tests/support/registry-client.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { inBrowser } from "#tests/support/use-browser.js";
import { openWatched, startChromium, type WatchedPage } from "#tests/support/web-page.js";

let stack: TestStack;
let browser: Browser;
let page: Page;
let watched: WatchedPage;

inBrowser("in a browser the page /ui/api/", () => {
  beforeAll(async () => {
    stack = await startTestStack({ env: { DISCOVERY_SECONDS: "0" } });
    await registryClient(stack.url, "alice-token").push("alpha/seen", "1.0", "something");
    browser = await startChromium();
    watched = await openWatched(browser);
    ({ page } = watched);
    await page.goto(`${stack.url}/ui/api/`);
    await eventually("it shows operations", async () => (await count(".opblock")) > 20);
  });
  afterAll(async () => {
    const file = process.env["SCREENSHOT"];
    if (file !== undefined) await writeFile(file, await page.screenshot());
    await browser.close();
    await stack.stop();
  });

  test("shows every operation of the document, by its groups", async () => {
    const document = (await (await fetch(`${stack.url}/openapi.json`)).json()) as {
      paths: Record<string, object>;
      tags: object[];
    };
    const operations = Object.values(document.paths).flatMap((methods) => Object.keys(methods));
    expect(await count(".opblock")).toBe(operations.length);
    expect(await count(".opblock-tag")).toBe(document.tags.length);
  });

  test("tries an operation out by a token, and forgets it with the page", async () => {
    await click(".auth-wrapper .authorize");
    await eventually("it asks for a login", async () => (await count(".auth-container")) === 2);
    await page.evaluate(
      `[...document.querySelectorAll(".auth-container")].find((one) => one.textContent.includes("Bearer")).querySelector("input").focus()`,
    );
    await page.keyboard.type("alice-token");
    await page.evaluate(
      `[...document.querySelectorAll(".auth-container")].find((one) => one.textContent.includes("Bearer")).querySelector("button.authorize").click()`,
    );
    await click(".btn-done");
    // The first one: repositories.
    await click(".opblock-summary-control");
    await click(".try-out__btn");
    await click(".execute");
    const answered = () => textOf(".live-responses-table .highlight-code");
    await eventually("it shows the answer", async () => (await answered()).includes("items"));
    expect(await answered()).toContain('"name": "alpha/seen"');
    expect(await page.evaluate("Object.keys(localStorage).length + document.cookie.length")).toBe(
      0,
    );
  });

  test("asks no other host for anything, and is refused nothing by its own policy", async () => {
    expect(watched.requests.length).toBeGreaterThan(4);
    const elsewhere = watched.requests.filter(
      (url) => !url.startsWith(stack.url) && !url.startsWith("data:"),
    );
    expect(elsewhere).toEqual([]);
    expect(watched.complaints).toEqual([]);
    // It would have been told.
    await page.evaluate(
      `document.head.append(Object.assign(document.createElement("script"), { textContent: "1" }))`,
    );
    await eventually("an inline script is refused", () => watched.complaints.length > 0);
    expect(watched.complaints[0]).toContain("Content Security Policy");
  });

  const count = (selector: string) =>
    page.evaluate<number>(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
  const textOf = (selector: string) =>
    page.evaluate<string>(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ""`);
  const click = async (selector: string) => {
    await eventually(`there is ${selector}`, async () => (await count(selector)) > 0);
    await page.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
  };
});
