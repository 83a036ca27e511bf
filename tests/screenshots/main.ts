import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { startTestStack } from "#tests/support/stack.js";
import { openWatched, startChromium } from "#tests/support/web-page.js";
import { SCREENS } from "./screens.js";
import { seed } from "./seed.js";

// Pictures of every screen, as one argument says or into .data/screenshots: both themes, phone and desktop.
const folder = process.argv[2] ?? join(REPOSITORY_ROOT, ".data/screenshots");
await mkdir(folder, { recursive: true });
const stack = await startTestStack({ env: { ADMIN_TEAMS: "alpha", DISCOVERY_SECONDS: "0" } });
try {
  await seed(stack.url);
  const browser = await startChromium();
  const looks = {
    light: { colorScheme: "light" },
    dark: { colorScheme: "dark" },
    phone: { colorScheme: "light", viewport: { width: 360, height: 740 } },
    "dark-phone": { colorScheme: "dark", viewport: { width: 360, height: 740 } },
    german: { colorScheme: "light", locale: "de-DE" },
  } as const;
  for (const [look, options] of Object.entries(looks)) {
    const { page, complaints } = await openWatched(browser, options);
    await page.goto(`${stack.url}/ui/login`);
    await page.screenshot({ path: join(folder, `login-${look}.png`) });
    await page.locator("input[name=password]").fill("alice-token");
    await page.locator("main button[type=submit]").click();
    await page.locator(".me button").waitFor();
    for (const [name, place] of Object.entries(SCREENS)) {
      await page.goto(`${stack.url}/ui/${place}`);
      await page.locator("h1").waitFor();
      await page.waitForLoadState("load");
      await page.locator("body:not(:has(.spinner))").waitFor();
      await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: true });
    }
    for (const complaint of new Set(complaints)) console.log(look, complaint);
    await page.context().close();
  }
  await browser.close();
} finally {
  await stack.stop();
}
console.log(`pictures are in ${folder}`);
