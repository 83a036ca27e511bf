import type { Page } from "playwright-core";
import { eventually } from "#tests/support/eventually.js";
import { openLedgerOf } from "#tests/support/running-gateway.js";
import { logInOn, NO_BROWSER, openWatched, startChromium } from "#tests/support/web-page.js";
import { tagName } from "../support/generated.js";
import { LOGIN, type Scene } from "../support/scene.js";
import { GATEWAY, ratio, type Medians, type Sample, type Topic } from "../support/topic.js";

const FEW = { repository: "alpha/page-few", tags: 10 };
const MANY = { repository: "alpha/page-many", tags: 10_000 };
/** As on a phone of some years ago. */
const SLOWER = 4;
const DONE = "interactive";

/** @returns how soon the web page can be used, in a browser whose processor is four times as slow */
export async function pageTopics(scene: Scene): Promise<Topic[]> {
  if (NO_BROWSER !== null) throw new Error(NO_BROWSER);
  for (const one of [FEW, MANY]) await writeTags(scene, one);
  const { url } = scene.stack;
  const opening = ({ repository }: typeof FEW) => ({
    run: () => opened(url, LOGIN, `repositories/${repository}/-/`, "table.tags tbody th a"),
  });
  return [
    {
      ...{ name: "page-first-view", unit: "ms" },
      title: `first view of the web page until it can be used, processor ${SLOWER} times as slow`,
      sides: [{ name: GATEWAY, run: () => opened(url, null, "", "input[type=search]") }],
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

/** In a browser that has nothing of it yet, but for the login where there is one. */
async function opened(
  url: string,
  login: string | null,
  place: string,
  wanted: string,
): Promise<Sample> {
  const browser = await startChromium();
  try {
    const { page } = await openWatched(browser);
    if (login !== null) {
      await page.goto(`${url}/ui/login`);
      await logInOn(page, login);
    }
    const debug = await page.context().newCDPSession(page);
    await debug.send("Network.enable");
    await debug.send("Network.setCacheDisabled", { cacheDisabled: true });
    await debug.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
    return { value: await usableAfter(page, `${url}/ui/${place}`, wanted), count: 1 };
  } finally {
    await browser.close();
  }
}

/** Handlers come into the page with what they are of; once that is drawn and the thread is free, it can be used. */
async function usableAfter(page: Page, address: string, wanted: string): Promise<number> {
  await page.addInitScript(`
    new MutationObserver((_, observer) => {
      if (document.querySelector(${JSON.stringify(wanted)}) === null) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => performance.mark("${DONE}")));
    }).observe(document, { childList: true, subtree: true });
  `);
  await page.goto(address);
  const mark = () =>
    page.evaluate<number | undefined>(`performance.getEntriesByName("${DONE}")[0]?.startTime`);
  await eventually("the page can be used", async () => (await mark()) !== undefined);
  return (await mark()) ?? NaN;
}

/** As the ledger would have them, had each been pushed. */
async function writeTags(scene: Scene, { repository, tags }: typeof FEW): Promise<void> {
  const digest = await scene.client.push(repository, tagName(0), repository);
  const ledger = await openLedgerOf(scene.stack);
  try {
    await ledger.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
       select $1, 'v' || to_char(t, 'FM000000'), $2, 'alice', now() from generate_series(1, $3::int - 1) as t
       on conflict do nothing`,
      [repository, digest, tags],
    );
  } finally {
    await ledger.close();
  }
}
