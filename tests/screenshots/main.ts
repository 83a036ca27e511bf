import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { startTestStack } from "#tests/support/stack.js";
import { logInOn, openWatched, startChromium } from "#tests/support/web-page.js";
import { PICTURES, SCREENS } from "./screens.js";
import { seed, SEEDED_STACK } from "./seed.js";
import { openSinks, seedTroubles } from "./troubles.js";

// Pictures of every screen, into the folder that is said or .data/screenshots: both themes, phone and desktop. With `--readme`
// those of README.md alone, into docs/pictures.
const { values, positionals } = parseArgs({
  options: { readme: { type: "boolean", default: false } },
  allowPositionals: true,
});
const PHONE = { width: 360, height: 740 };
const LOOKS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  phone: { colorScheme: "light", viewport: PHONE },
  "dark-phone": { colorScheme: "dark", viewport: PHONE },
  german: { colorScheme: "light", locale: "de-DE" },
} as const;

async function takeAll(browser: Browser, url: string, folder: string): Promise<void> {
  for (const [look, options] of Object.entries(LOOKS)) {
    const { page, complaints } = await openWatched(browser, options);
    await page.goto(`${url}/ui/login`);
    await page.locator("main button[type=submit]").waitFor();
    await page.screenshot({ path: join(folder, `login-${look}.png`) });
    await page.locator("input[name=password]").fill("alice-token");
    await page.locator("main button[type=submit]").click();
    await page.locator(".me button").waitFor();
    for (const [name, place] of Object.entries(SCREENS)) {
      await goTo(page, place);
      await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: true });
    }
    for (const complaint of new Set(complaints)) console.log(look, complaint);
    await page.context().close();
  }
}

async function takeThoseOfReadme(browser: Browser, url: string, folder: string): Promise<void> {
  for (const [name, { place, ...look }] of Object.entries(PICTURES)) {
    const { page } = await openWatched(browser, look);
    await page.goto(`${url}/ui/login`);
    await logInOn(page, "alice-token");
    await goTo(page, place);
    await page.screenshot({ path: join(folder, `${name}.png`) });
    await page.context().close();
  }
}

/** As a link does: nothing is loaded anew. */
async function goTo(page: Page, place: string): Promise<void> {
  await page.evaluate(
    `history.pushState(null, "", "/ui/${place}"); dispatchEvent(new Event("wharfinger:place"))`,
  );
  await page.locator("body:not(:has(.spinner)) h1").waitFor();
  // What one may do is asked for by the way.
  await page.waitForLoadState("load");
  await page.locator("h1").blur();
}

const usual = values.readme ? "docs/pictures" : ".data/screenshots";
const folder = positionals[0] ?? join(REPOSITORY_ROOT, usual);
await mkdir(folder, { recursive: true });
const own = await temporaryFolder();
const sinks = await openSinks(own.path);
const stack = await startTestStack({ env: { ...SEEDED_STACK, ...sinks.env } });
try {
  await seed(stack.url);
  if (!values.readme) await seedTroubles(stack);
  const browser = await startChromium();
  await (values.readme ? takeThoseOfReadme : takeAll)(browser, stack.url, folder);
  await browser.close();
} finally {
  await stack.stop();
  await sinks.stop();
  await own.remove();
}
console.log(`pictures are in ${folder}`);
