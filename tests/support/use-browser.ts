import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, afterEach, beforeAll, describe } from "@jest/globals";
import type { Browser } from "playwright-core";
import { NO_BROWSER, openWatched, startChromium, type WatchedPage } from "./web-page.js";

/** axe's own text, for pages to run. */
export const AXE = readFileSync(
  createRequire(import.meta.url).resolve("axe-core/axe.min.js"),
  "utf8",
);

/**
 * @param rules - of axe's to look by, as its options
 * @returns a script that has axe look, where {@link AXE} was run, and says what it objects to
 */
export const objections = (rules: string): string =>
  `axe.run(${rules}).then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]))`;

/** Tests in a browser: skipped where none can be had, and the name says why. */
export function inBrowser(name: string, tests: () => void): void {
  if (NO_BROWSER === null) describe(name, tests);
  else describe.skip(`${name} (${NO_BROWSER})`, tests);
}

type Options = Parameters<typeof openWatched>[1];

/** Pages of the tests of a file. */
export interface Pages {
  /** @returns a page that is closed after the test */
  readonly open: (options?: Options) => Promise<WatchedPage>;
  /** @returns a page that stays for all tests */
  readonly openForAll: (options?: Options) => Promise<WatchedPage>;
}

/**
 * A browser for the tests of a `describe`.
 *
 * @param look - looks at each page of a test after it
 * @returns its pages
 */
export function useBrowser(look: (page: WatchedPage) => void = () => undefined): Pages {
  const ofTest: WatchedPage[] = [];
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    const opened = ofTest.splice(0);
    opened.forEach(look);
    await Promise.all(opened.map(({ page }) => page.context().close()));
  });
  const openForAll = (options?: Options) => openWatched(browser, options);
  return {
    openForAll,
    open: async (options) => {
      const opened = await openForAll(options);
      ofTest.push(opened);
      return opened;
    },
  };
}
