import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { recordAudit } from "#audit-log/record-audit.js";
import { SYSTEM } from "#audit-log/entry.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import {
  putImage,
  startRestStack,
  type RestStack,
} from "#tests/integration/rest-api/support/stack.js";
import { logInBefore, NO_BROWSER, openWatched, startChromium } from "#tests/support/web-page.js";

/** What strangers call themselves: markup, a link that runs, text that turns the line around, and no blank to break at. */
const EVIL = [
  [
    `<img src=x onerror="window.evil=1" data-evil>`,
    `"><script data-evil>window.evil=1</script>`,
    `[click](javascript:window.evil=1)<b data-evil>`,
    `{{constructor.constructor('window.evil=1')()}}`,
  ].join(" "),
  `\u202eevil\u2066<i data-evil>\u200f${"W".repeat(220)}<u data-evil>`,
];

let stack: RestStack;
let browser: Browser;

const perhaps = NO_BROWSER === null ? describe : describe.skip;
const nameAt = (index: number) => `alpha/app${index}`;

async function fill(index: number, evil: string): Promise<void> {
  const { ledger } = stack;
  const repository = parseRepositoryName(nameAt(index));
  const digest = await putImage(ledger, repository, "1.0", `content ${index}`);
  await ledger.db.query("update ledger.tag set pushed_by = $2 where repository = $1", [repository, evil]); // prettier-ignore
  await ledger.db.query(
    `insert into ledger.repository (name, description, described_by) values ($1, $2, $2)
     on conflict (name) do update set description = excluded.description, described_by = excluded.described_by`,
    [repository, evil],
  );
  await ledger.db.query(
    `insert into ledger.scm_source (repository, digest, url, revision, author, status, origin, pushed_by)
     values ($1, $2, $3, $4, $4, $4, 'label', $4)`,
    [repository, digest, `javascript:window.evil=1//${evil}`, evil],
  );
  await ledger.db.query(
    `insert into ledger.pull (repository, tag, digest, caller, uid, realm, kind, address, user_agent, count, first_at, last_at)
     values ($1, '1.0', $2, $4, $3, $3, 'oauth2', '192.0.2.7', $3, 3, now(), now())`,
    [repository, digest, evil, `c${index}`],
  );
  const actor = { ...SYSTEM, uid: evil, realm: evil, kind: "oauth2", userAgent: evil };
  await ledger.db.transaction(async (tx) => {
    for (const action of ["tag.refused", "tag.pushed"] as const)
      await recordAudit(tx, {
        ...{ action, actor, repository, tag: "1.0", digest, reason: evil },
        detail: { held: evil, annotation: evil },
      });
  });
}

/** Whether anything of it became more than text, or broke the screen. */
async function harmIn(page: Page): Promise<unknown> {
  return page.evaluate(
    `({
      elements: document.querySelectorAll("[data-evil]").length,
      ran: "evil" in window,
      links: [...document.links].filter(({ href }) => !/^https?:/.test(href)).length,
      wide: document.documentElement.scrollWidth > innerWidth,
    })`,
  );
}

const NONE = { elements: 0, ran: false, links: 0, wide: false };

perhaps("what a stranger says of themselves is text on every screen, and breaks none", () => {
  beforeAll(async () => {
    stack = await startRestStack();
    for (const [index, evil] of EVIL.entries()) await fill(index, evil);
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser.close();
    await stack.stop();
  });

  test("however wide it is", async () => {
    const { page, complaints } = await openWatched(browser);
    await logInBefore(page, stack.gateway.url, "alice-token");
    const ofRepositories = EVIL.flatMap((_, index) =>
      ["", "activity", "access", "tags/1.0", "tags/1.0?part=history"].map(
        (rest) => `repositories/${nameAt(index)}/-/${rest}`,
      ),
    );
    for (const place of ["", "refusals", ...ofRepositories]) {
      await page.goto(`${stack.gateway.url}/ui/${place}`);
      await page.locator("body:not(:has(.spinner)) h1").waitFor();
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 800 });
        expect([place, width, await harmIn(page)]).toEqual([place, width, NONE]);
      }
    }
    // Who they are is said, as they say it.
    await page.goto(`${stack.gateway.url}/ui/refusals`);
    await page.getByText(`${EVIL[0] ?? ""} tried to push 1.0`).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("in the audit log, too", async () => {
    const { page } = await openWatched(browser);
    await logInBefore(page, stack.gateway.url, "bob-token");
    await page.goto(`${stack.gateway.url}/ui/audit`);
    await page.locator("tbody tr").first().waitFor();
    expect(await harmIn(page)).toEqual(NONE);
    await page.context().close();
  });
});
