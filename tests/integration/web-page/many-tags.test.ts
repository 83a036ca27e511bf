import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { foldChanges } from "#gateway/catalog/sql/fold.js";
import {
  putImage,
  startRestStack,
  type RestStack,
} from "#tests/integration/rest-api/support/stack.js";
import { logInBefore, NO_BROWSER, openWatched, startChromium } from "#tests/support/web-page.js";

const TAGS = 100_000;
/** In one statement, so that it ends in time. */
const AT_ONCE = 5_000;

let stack: RestStack;
let browser: Browser;

const perhaps = NO_BROWSER === null ? describe : describe.skip;

perhaps("a repository with 100,000 tags", () => {
  beforeAll(async () => {
    stack = await startRestStack();
    const digest = await putImage(stack.ledger, "alpha/many", "0", "one");
    for (let from = 1; from < TAGS; from += AT_ONCE)
      await stack.ledger.db.query(
        `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
         select 'alpha/many', number::text, $1, 'alice', '2026-11-20T12:00:00Z'::timestamptz - number * interval '1 second'
         from generate_series($2::int, $3::int) as number`,
        [digest, from, Math.min(from + AT_ONCE, TAGS) - 1],
      );
    // As in a database that has stood for a minute: plans go by what is known of the table.
    await stack.ledger.db.query("vacuum analyze ledger.tag");
    // Whoever reads a list counts some thousands at most, and somebody who pushes so many is read meanwhile.
    await foldChanges(stack.ledger.db, 2 * TAGS);
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser.close();
    await stack.stop();
  });

  test("shows its first tags at once, scrolls to its last one, and has only rows in sight in the page", async () => {
    const { page } = await openWatched(browser);
    await logInBefore(page, stack.gateway.url, "alice-token");
    await page.goto(`${stack.gateway.url}/ui/repositories/alpha/many/-/`);
    await page.getByRole("link", { name: "0", exact: true }).waitFor();
    expect(await rowsIn(page)).toBeLessThan(150);
    await page.evaluate(
      `new Promise((resolve) => {
         const step = () => {
           scrollTo(0, document.documentElement.scrollHeight);
           if (document.querySelector('a[title="${TAGS - 1}"]') === null) requestAnimationFrame(step);
           else resolve();
         };
         step();
       })`,
    );
    expect(await rowsIn(page)).toBeLessThan(150);
    await page.evaluate("scrollTo(0, 0)");
    await page.getByRole("link", { name: "0", exact: true }).waitFor();
    await page.context().close();
  });

  test("prints all that is loaded, and how many there are, and shows only rows in sight afterwards", async () => {
    const { page } = await openWatched(browser);
    await logInBefore(page, stack.gateway.url, "alice-token");
    await page.goto(`${stack.gateway.url}/ui/repositories/alpha/many/-/`);
    await page.getByRole("link", { name: "0", exact: true }).waitFor();
    // Rows beyond those in sight come when these can be used.
    await page.locator("tbody th a").nth(30).waitFor({ state: "attached" });
    const before = await rowsIn(page);
    await page.evaluate(
      `addEventListener("beforeprint", () => {
         document.body.dataset.printed = document.querySelectorAll("tbody th a").length;
       })`,
    );
    await page.pdf();
    expect(await page.locator("body").getAttribute("data-printed")).toBe("100");
    expect(await rowsIn(page)).toBe(before);
    await page.emulateMedia({ media: "print" });
    await page.getByText(/^[1-9][\d,]* of 100,000 tags loaded$/).waitFor();
    await page.context().close();
  });
});

function rowsIn(page: Page): Promise<number> {
  return page.locator("tbody tr").count();
}
