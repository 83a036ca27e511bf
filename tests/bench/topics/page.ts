import type { Browser, Page } from "playwright-core";
import { eventually } from "#tests/support/eventually.js";
import { logInOn, NO_BROWSER, openWatched, startChromium } from "#tests/support/web-page.js";
import { pushTags } from "../support/many-tags.js";
import { LOGIN, type Scene } from "../support/scene.js";
import { GATEWAY, ratio, type Medians, type Sample, type Topic } from "../support/topic.js";

const FEW = { repository: "alpha/page-few", tags: 10 };
const MANY = { repository: "alpha/page-many", tags: 10_000 };
/** As on a phone of some years ago. */
const SLOWER = 4;
const USABLE = "usable after";
/** The page says so once its handlers are where they belong. */
const TAKEN_OVER = "wharfinger:usable";
/** A browser that starts has more to do than a page; it rests once its processes use less than this share of a processor. */
const REST_SHARE = 0.05;
const REST_MILLISECONDS = 500;
const FIELD = "input[type=search]";
/** What no page can be sooner than: one field, and nothing of ours. */
const ONE_FIELD = {
  headers: { "Content-Type": "text/html" },
  body: "<!DOCTYPE html><title>One field</title><input type=search placeholder=Search>",
};

/** @returns how soon the web page can be used, in a browser whose processor is four times as slow */
export async function pageTopics(scene: Scene): Promise<Topic[]> {
  if (NO_BROWSER !== null) throw new Error(NO_BROWSER);
  for (const one of [FEW, MANY]) await pushTags(scene, one.repository, one.tags);
  const { url } = scene.stack;
  const oneField = await scene.startBareServer(ONE_FIELD);
  const first = (address: string, mark?: string) =>
    opened({ before: oneField, address, wanted: FIELD, mark });
  const opening = ({ repository }: typeof FEW) => ({
    run: () =>
      opened({
        ...{ before: `${url}/ui/login`, login: LOGIN },
        address: `${url}/ui/repositories/${repository}/-/`,
        wanted: "table.tags tbody th a",
      }),
  });
  return [
    {
      ...{ name: "page-first-view", unit: "ms" },
      title: `first view of the web page until it can be used, processor ${SLOWER} times as slow`,
      sides: [
        { name: GATEWAY, run: () => first(`${url}/ui/`) },
        { name: "its script has taken over", run: () => first(`${url}/ui/`, TAKEN_OVER) },
        { name: "a page with one field", run: () => first(oneField) },
      ],
      targets: [
        {
          ...{ what: "milliseconds", wanted: 300, isMost: true },
          reached: ({ gateway }: Medians) => gateway?.value ?? NaN,
        },
      ],
    },
    {
      ...{ name: "page-many-tags", unit: "ms" },
      title: `a repository's first tags on the web page, processor ${SLOWER} times as slow`,
      sides: [
        { name: "10,000 tags", ...opening(MANY) },
        { name: "10 tags", ...opening(FEW) },
      ],
      targets: [
        {
          ...{ what: "10,000 tags / 10 tags", wanted: 1.2, isMost: true },
          reached: ratio("10,000 tags", "10 tags"),
        },
      ],
    },
  ];
}

interface Opening {
  /** What the browser shows before, so that its own start is not what is measured. */
  readonly before: string;
  /** Whoever logs in there. */
  readonly login?: string;
  readonly address: string;
  /** Selector of what makes the page usable. */
  readonly wanted: string;
  /** Of the page's own, without which it is not. */
  readonly mark?: string | undefined;
}

/** In a new browser that runs, and has nothing of the page in its cache. */
async function opened({ before, login, ...opening }: Opening): Promise<Sample> {
  const browser = await startChromium();
  try {
    const { page } = await openWatched(browser);
    await page.goto(before);
    if (login !== undefined) await logInOn(page, login);
    await eventually("the browser rests", rests(await browser.newBrowserCDPSession()));
    const debug = await page.context().newCDPSession(page);
    await debug.send("Network.enable");
    await debug.send("Network.setCacheDisabled", { cacheDisabled: true });
    await debug.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
    return { value: await usableAfter(page, opening), count: 1 };
  } finally {
    await browser.close();
  }
}

/** @returns whether its processes did nearly nothing since that was asked before, some time ago */
function rests(
  session: Awaited<ReturnType<Browser["newBrowserCDPSession"]>>,
): () => Promise<boolean> {
  let before = { at: 0, seconds: Number.NEGATIVE_INFINITY };
  return async () => {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    const seconds = processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
    const at = performance.now();
    if (at - before.at < REST_MILLISECONDS) return false;
    const share = ((seconds - before.seconds) * 1_000) / (at - before.at);
    before = { at, seconds };
    return share < REST_SHARE;
  };
}

/**
 * Handlers come into the page with what they are of, but for what it was sent as: that takes keys, which its script finds when
 * it says that it has taken over. Once something is drawn and the thread is free, it can be used. The page tells it by its
 * console: asking it would put a script of the test's own before the page's.
 */
async function usableAfter(
  page: Page,
  { address, wanted, mark }: Omit<Opening, "before" | "login">,
): Promise<number> {
  const tell = `requestAnimationFrame(() => setTimeout(() => console.debug("${USABLE}", performance.now())));`;
  await page.addInitScript(
    mark === undefined
      ? `new MutationObserver((_, observer) => {
          if (document.querySelector(${JSON.stringify(wanted)}) === null) return;
          observer.disconnect();
          ${tell}
        }).observe(document, { childList: true, subtree: true });`
      : `const put = performance.mark.bind(performance);
        performance.mark = (name) => {
          if (name === ${JSON.stringify(mark)}) ${tell}
          return put(name);
        };`,
  );
  const told = page.waitForEvent("console", (message) => message.text().startsWith(USABLE));
  const [message] = await Promise.all([told, page.goto(address, { waitUntil: "commit" })]);
  return Number(message.text().slice(USABLE.length));
}
