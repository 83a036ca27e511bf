import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { waitUntil } from "#local/processes/wait.js";
import { eventually } from "#tests/support/eventually.js";
import { registryClient } from "#tests/support/registry-client.js";
import { scenario } from "#tests/support/scenario.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { inBrowser, useBrowser, type Pages } from "#tests/support/use-browser.js";
import { logInBefore, type WatchedPage } from "#tests/support/web-page.js";

const NOBODY_LISTENS = "http://127.0.0.1:9/";

let folder: TemporaryFolder;
let stack: TestStack;
let pages: Pages;
let digest: string;
/** Alice's, who administers: one page for all tests that change no more than where it is. */
let alice: WatchedPage;

async function loggedIn(token: string): Promise<WatchedPage> {
  const watched = await pages.open();
  await logInAs(watched, token);
  return watched;
}

async function logInAs({ page }: WatchedPage, token: string): Promise<void> {
  await logInBefore(page, stack.url, token);
  await page.goto(`${stack.url}/ui/`);
  await page.getByRole("button", { name: "Log out" }).waitFor();
}

const placeScript = (place: string) =>
  `history.pushState(null, "", "/ui/${place}"); dispatchEvent(new Event("wharfinger:place"))`;

/** Goes there as a link does: nothing is loaded anew. */
async function goTo(page: Page, place: string): Promise<void> {
  await page.evaluate(placeScript(place));
  await page.locator("body:not(:has(.spinner)) h1").waitFor();
}

const dialogOf = (page: Page) => page.getByRole("dialog");
const rowWith = (page: Page, text: string) => page.getByRole("row").filter({ hasText: text });

/** Types what a dialog asks for, which cannot be done before. */
async function confirmByName(page: Page, button: string, name: string): Promise<void> {
  const confirm = dialogOf(page).getByRole("button", { name: button });
  expect(await confirm.isDisabled()).toBe(true);
  await dialogOf(page).getByLabel("to confirm").fill(name);
  await confirm.click();
  await dialogOf(page).waitFor({ state: "detached" });
}

async function rest(method: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${stack.url}/api/v1${path}`, {
    method,
    headers: { Authorization: "Bearer alice-token", "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  expect([path, answer.status]).toEqual([path, 200]);
}

inBrowser("the web page, for whoever administers", () => {
  const part = scenario();
  pages = useBrowser();
  beforeAll(async () => {
    folder = await temporaryFolder();
    const sinks = join(folder.path, "sinks.yaml");
    const secretFile = join(folder.path, "secret");
    await writeFile(secretFile, `whsec_${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
    await writeFile(
      sinks,
      `sinks:\n  - { name: scanner, type: webhook, url: "${NOBODY_LISTENS}", secretFile: "${secretFile}" }\n`,
    );
    const env = { ADMIN_TEAMS: "alpha", DISCOVERY_SECONDS: "0", SINKS_FILE: sinks };
    stack = await startTestStack({ env: { ...env, IN_USE_REPORTERS: "alice@/employees" } });
    digest = await registryClient(stack.url, "alice-token").push("alpha/app", "1.0", "an app");
    await registryClient(stack.url, "bob-token").push("beta/b", "1.0", "theirs");
    const image = { reference: "alpha/app:1.0", node: "node-1", service: "shop" };
    await rest("PUT", "/in-use", { name: "production", images: [image] });
    alice = await pages.openForAll();
    await logInAs(alice, "alice-token");
  });
  afterAll(async () => {
    await stack.stop();
    await folder.remove();
  });

  part(
    "changes who sees a registry, makes another one, and takes it away by its name",
    async () => {
      const { page } = alice;
      await goTo(page, "registries");
      const own = page.getByRole("listitem").filter({ hasText: "this one" });
      await own.getByRole("button", { name: "Change" }).click();
      await dialogOf(page).getByLabel("Published to").fill("alpha, beta, shared");
      await dialogOf(page).getByLabel("Address").fill(stack.url);
      await dialogOf(page).getByRole("button", { name: "Change" }).click();
      await own.getByText("alpha, beta, shared").waitFor();
      expect(await own.getByRole("button", { name: "Take away" }).count()).toBe(0);
      await page.getByText("New registry").click();
      await page.getByRole("form").getByLabel("Name").fill("lab.example.org");
      await page.getByRole("button", { name: "Create" }).click();
      const lab = page.getByRole("listitem").filter({ hasText: "lab.example.org" });
      await lab.getByText("no address").waitFor();
      await page.getByRole("searchbox").fill("app");
      await page.getByRole("button", { name: "Search all registries" }).click();
      await rowWith(page, "alpha/app").getByText("wharfinger").waitFor();
      await page.getByRole("alert").getByText("What lab.example.org has is not known").waitFor();
      await lab.getByRole("button", { name: "Take away" }).click();
      await confirmByName(page, "Take away", "lab.example.org");
      await lab.waitFor({ state: "detached" });
    },
  );

  part("makes an application and a service, and shows the service's secret once", async () => {
    const { page } = alice;
    await goTo(page, "directory");
    await page.getByText("New application").click();
    await page.getByLabel("Code").fill("shop");
    await page.getByLabel("Responsible").fill("alpha");
    await page.getByRole("form").getByRole("button", { name: "Create" }).click();
    await rowWith(page, "shop").waitFor();
    await page.getByText("New service").click();
    const form = page.getByRole("form", { name: "New service" });
    await form.getByLabel("Name").fill("shop.example.org");
    await form.getByRole("button", { name: "Create" }).click();
    const secret = await page.getByRole("status").locator("code").innerText();
    expect(secret.length).toBeGreaterThan(20);
    const service = rowWith(page, "shop.example.org");
    await service.getByRole("button", { name: "New secret" }).click();
    await dialogOf(page).getByRole("button", { name: "New secret" }).click();
    await dialogOf(page).waitFor({ state: "detached" });
    expect(await page.getByRole("status").locator("code").innerText()).not.toBe(secret);
    await goTo(page, "");
    await goTo(page, "directory");
    expect(await page.getByText("It is shown this once").count()).toBe(0);
    await service.getByRole("button", { name: "End" }).click();
    await confirmByName(page, "End", "shop.example.org");
    await service.waitFor({ state: "detached" });
    await page.getByText("Give", { exact: true }).first().click();
    await page.getByLabel("Privilege").selectOption("Puller");
    await page.getByLabel("Team, or").fill("beta");
    await page.getByRole("button", { name: "Give" }).click();
    await rowWith(page, "Puller").getByRole("button", { name: "Take away" }).click();
    await confirmByName(page, "Take away", "beta");
    await page.getByText("None that you have.").waitFor();
  });

  part("gives a repository a star, which is still one's own later, and takes it back", async () => {
    const { page } = alice;
    await goTo(page, "repositories/alpha/app/-/");
    await page.getByRole("button", { name: "0 stars" }).click();
    await page.getByRole("button", { name: "1 star", pressed: true }).waitFor();
    await goTo(page, "");
    await goTo(page, "repositories/alpha/app/-/");
    await page.getByRole("button", { name: "1 star", pressed: true }).click();
    await page.getByRole("button", { name: "0 stars", pressed: false }).waitFor();
  });

  part("shows which nodes and services use an image, on its tag and by its digest", async () => {
    const { page } = alice;
    await goTo(page, "repositories/alpha/app/-/tags/1.0");
    await rowWith(page, "node-1").getByText("shop").waitFor();
    await goTo(page, "in-use");
    await page.getByLabel("Digest").fill(digest);
    await page.getByRole("button", { name: "Ask" }).click();
    await rowWith(page, "alpha/app:1.0").getByText("reported").waitFor();
  });

  part(
    "says what a policy would have decided, and whether somebody may do something by it",
    async () => {
      const { page } = alice;
      await goTo(page, "policy");
      expect(await page.getByRole("button", { name: "What would change?" }).isDisabled()).toBe(
        true,
      );
      const file = (text: string) => ({ name: "policy.yaml", mimeType: "text/yaml", buffer: Buffer.from(text) }); // prettier-ignore
      const choose = page.getByLabel("Or choose the file");
      await choose.setInputFiles(file("rules:\n  - nothing that is a rule\n"));
      await page.getByRole("button", { name: "What would change?" }).click();
      await page.getByRole("alert").getByText("2:").waitFor();
      await choose.setInputFiles(
        file(
          "rules:\n  - id: beta-only\n    effect: allow\n    actions: [pull, push]\n    repositories: ['alpha/**']\n    who: { teams: [beta] }\n",
        ),
      );
      const text = page.getByLabel("The file's text");
      await eventually("it is read", async () => (await text.inputValue()).includes("beta-only"));
      await page.getByRole("button", { name: "What would change?" }).click();
      await page.getByRole("status").getByText("Decisions looked at: 2").waitFor();
      await page.getByLabel("User").fill("bob");
      await page.getByLabel("Teams").fill("beta");
      await page.getByLabel("Action").selectOption("push");
      await page.getByLabel("Repository").fill("alpha/app");
      await page.getByRole("button", { name: "Ask" }).click();
      await page.getByRole("status").getByText("by the rule “beta-only”").waitFor();
      // By the rules in force he may not.
      await goTo(page, "access?repository=alpha/app");
      await page.getByLabel("May somebody else?").fill("bob");
      await page.getByLabel("Teams").fill("beta");
      await page.getByLabel("Action").selectOption("push");
      await page.getByRole("button", { name: "May I?" }).click();
      await page.getByRole("status").getByText("No", { exact: true }).waitFor();
    },
  );

  part(
    "gives an event up that holds back others, shows why it failed, and delivers or discards it",
    async () => {
      const { page } = alice;
      await goTo(page, "operations");
      const queues = page.getByRole("region", { name: "Queues that wait longest" });
      const queue = queues.getByRole("row").filter({ hasText: "alpha/app" });
      await queue.getByText("ECONNREFUSED").waitFor();
      await queue.getByRole("button", { name: "Give up" }).click();
      await confirmByName(page, "Give up", "alpha/app");
      const dead = page.getByRole("region", { name: "Events that were given up" });
      await dead.getByText("ECONNREFUSED").waitFor();
      await dead.getByRole("button", { name: "Deliver again" }).click();
      await dialogOf(page).getByRole("button", { name: "Deliver again" }).click();
      await dead.waitFor({ state: "detached" });
      await queue.getByRole("button", { name: "Give up" }).click();
      await confirmByName(page, "Give up", "alpha/app");
      await dead.getByRole("button", { name: "Discard" }).click();
      await confirmByName(page, "Discard", "alpha/app");
      await dead.waitFor({ state: "detached" });
    },
  );

  part(
    "says of which version what is, what works, and that nothing was collected yet",
    async () => {
      const { page } = alice;
      await goTo(page, "operations");
      await page.getByText(/Wharfinger \d+\.\d+\.\d+, Node v24/).waitFor();
      await page.getByText(/PostgreSQL \d+/).waitFor();
      await page.getByText(/^(?:2\.8|3\.0|3\.1 or later)$/).waitFor();
      const health = page.getByRole("listitem").filter({ hasText: /^works Token server/ });
      await health.getByText("works").waitFor();
      await page.getByText("collected last: 0. What").waitFor();
      await page.getByText("Nothing was ever collected on record.").waitFor();
    },
  );

  for (const [who, token, screens] of [
    ["nobody", null, { "": [], registries: [], directory: [], "repositories/alpha/app/-/": [] }],
    [
      "somebody of another team",
      "bob-token",
      {
        "repositories/alpha/app/-/": ["0 stars: Give it your star"],
        "repositories/alpha/app/-/tags/1.0": [],
        "repositories/beta/b/-/": ["0 stars: Give it your star", "Describe it"],
        ...{ registries: [], directory: [], operations: [], "in-use": [] },
      },
    ],
    [
      "somebody of the team, who administers",
      "alice-token",
      {
        "repositories/alpha/app/-/": ["0 stars: Give it your star", "Describe it"],
        "repositories/alpha/app/-/tags/1.0": ["Lock this tag"],
        "repositories/beta/b/-/": ["0 stars: Give it your star"],
        ...{
          registries: ["Change", "Create"],
          directory: ["Change", "Create", "Create", "Give", "Take away"],
        },
      },
    ],
  ] as const)
    part(`has no button that is not theirs: ${who}`, async () => {
      const { page, requests } = token === null ? await anonymous() : await loggedIn(token);
      for (const [place, buttons] of Object.entries<readonly string[]>(screens)) {
        const asked = requests.length;
        await goTo(page, place);
        if (token !== null && place.startsWith("repositories/"))
          await eventually("it is asked what one may", () =>
            requests.slice(asked).some((url) => url.includes("/explain")),
          );
        await expect(settledButtons(page, [...buttons].sort())).resolves.toEqual(
          [...buttons].sort(),
        );
      }
    });

  part("prints what is on the screen, without what can be pressed", async () => {
    const { page } = alice;
    await goTo(page, "repositories/alpha/app/-/tags/1.0?part=history");
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    const pressed = page.locator("button, header nav, footer, .tabs, .filters");
    expect(await pressed.filter({ visible: true }).count()).toBe(0);
    expect(await page.locator(".history").isVisible()).toBe(true);
    // Ink on paper, whatever the screen's theme is.
    const ground = await page.evaluate("getComputedStyle(document.body).backgroundColor");
    expect(ground).toBe("rgb(255, 255, 255)");
    expect((await page.pdf()).subarray(0, 5).toString()).toBe("%PDF-");
    await page.emulateMedia({ media: "screen", colorScheme: "light" });
  });

  part("shows in forced colours which part one is at", async () => {
    const { page } = alice;
    await page.emulateMedia({ forcedColors: "active" });
    await goTo(page, "repositories/alpha/app/-/");
    const [current, ...others] = await page.evaluate<string[]>(
      "[...document.querySelectorAll('.tabs a')].map((one) => getComputedStyle(one).borderBottomColor)",
    );
    expect(others.length).toBeGreaterThan(2);
    expect(others).not.toContain(current);
    await page.emulateMedia({ forcedColors: "none" });
  });

  part("says that it asks, that nothing answers, and shows it once something does", async () => {
    const { page } = alice;
    let release = () => undefined as unknown;
    const held = new Promise<void>((resolve) => (release = resolve));
    let isAway = true;
    await page.route("**/api/v1/registries", async (route) => {
      if (isAway) await held;
      await (isAway ? route.abort() : route.continue());
    });
    await page.evaluate(placeScript("registries"));
    await page.getByRole("status").getByText("Loading …").waitFor();
    release();
    await page.getByRole("alert").getByText("The registry cannot be reached.").waitFor();
    isAway = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("this one").waitFor();
  });
});

/** What everybody may do: copy, sort, ask. */
const USUAL = /^(?:Copy|Pull |Ask$|May I|Search|Show more|What would)/;
const NAMES_OF_BUTTONS =
  "[...document.querySelectorAll('main button')].map((one) => one.getAttribute('aria-label') ?? one.textContent)";

/** @returns names of the buttons that not everybody has, in order, once they are as wanted or a moment has passed */
async function settledButtons(page: Page, wanted: readonly string[]): Promise<string[]> {
  let names: string[] = [];
  await waitUntil(
    async () => {
      const all = await page.evaluate<string[]>(NAMES_OF_BUTTONS);
      names = all.filter((name) => !USUAL.test(name)).sort();
      return names.join() === wanted.join();
    },
    { withinMs: 10_000 },
  );
  return names;
}

async function anonymous(): Promise<WatchedPage> {
  const watched = await pages.open();
  await watched.page.goto(`${stack.url}/ui/`);
  await watched.page.locator("h1").waitFor();
  return watched;
}
