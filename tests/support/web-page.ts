import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { findBrowser } from "#local/testing/programs-on-path.js";

const CHROMIUM = findBrowser();

/** Why no browser can be had here; `null`: one can. */
export const NO_BROWSER = CHROMIUM === null ? "chromium is not installed (Debian's package)" : null;

/** @returns Debian's Chromium, without a window */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM ?? "",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-component-update",
    ],
  });
}

/** A page, and what went wrong on it so far. */
export interface WatchedPage {
  readonly page: Page;
  /** What the console says is wrong, what was thrown and what policies refused. */
  readonly complaints: string[];
  /** All that was asked for. */
  readonly requests: readonly string[];
  /** Origins of that. */
  readonly origins: ReadonlySet<string>;
  /** Paths of all that was answered, or has begun to be. */
  readonly answered: ReadonlySet<string>;
}

/**
 * @param browser - the browser
 * @param options - language, colours and size; absent: English, light, 1280 by 800
 * @returns a page in a profile of its own, which shows nothing yet
 */
export async function openWatched(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    ...{ locale: "en-GB", timezoneId: "Europe/Berlin", colorScheme: "light" },
    viewport: { width: 1280, height: 800 },
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  const requests: string[] = [];
  const origins = new Set<string>();
  const answered = new Set<string>();
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    requests.push(request.url());
    origins.add(new URL(request.url()).origin);
  });
  page.on("response", (answer) => answered.add(new URL(answer.url()).pathname));
  return { page, complaints, requests, origins, answered };
}

/** Logs in on the page, which shows the login. */
export async function logInOn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Password or token").fill(token);
  await page.getByRole("main").getByRole("button", { name: "Log in" }).click();
  await page.getByRole("button", { name: "Log out" }).waitFor();
}

/**
 * Logs in as the page does, without it: whoever tests something else does not wait for its first view twice.
 *
 * @param page - of the context that gets the session
 * @param url - where the stack is reached
 * @param token - an access token
 */
export async function logInBefore(page: Page, url: string, token: string): Promise<void> {
  const answer = await page.context().request.post(`${url}/api/v1/session`, {
    headers: { "X-Wharfinger-Page": "active" },
    data: { user: "oauth2", password: token },
  });
  if (!answer.ok()) throw new Error(`no session: ${answer.status()} ${await answer.text()}`);
}
