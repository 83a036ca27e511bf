import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { eventually } from "#tests/support/eventually.js";
import { imagePusher, TYPES, type ImagePusher } from "#tests/support/pushed-images.js";
import { registryClient, type RegistryClient } from "#tests/support/registry-client.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { AXE, inBrowser, objections, useBrowser, type Pages } from "#tests/support/use-browser.js";
import { logInBefore } from "#tests/support/web-page.js";

const SHOP = "alpha/shop";

/** What a stranger writes wherever there is room. */
const EVIL = `<img src=x onerror="window.evil=1" data-evil>\u202eevil\u2066 ${"W".repeat(220)}`;

/** Colours are those of the wider one. */
const WIDTHS = [
  [1280, "{}"],
  [360, "{ rules: { 'color-contrast': { enabled: false } } }"],
] as const;

let stack: TestStack;
let pages: Pages;
let alice: RegistryClient;
let pusher: ImagePusher;

async function image(architecture: string, env: string[], tag?: string) {
  const config = {
    ...{ os: "linux", architecture, created: "2026-11-20T12:00:00Z", author: "Anna" },
    config: {
      ...{ Entrypoint: ["/bin/shop"], Cmd: ["--port", "80 80"], Env: env, User: "10001" },
      ...{ Labels: { "org.example.team": "alpha" }, ExposedPorts: { "80/tcp": {} } },
    },
    history: [
      { created_by: "/bin/sh -c #(nop) ADD rootfs.tar /", comment: "the base" },
      { created_by: "ENV PORT=80 # buildkit", empty_layer: true },
      { created_by: `RUN make ${architecture} # buildkit` },
    ],
  };
  return pusher.image(SHOP, config, ["the base", `the shop for ${architecture}`], tag);
}

/** An index of two images and an attestation of one of them, with an SBOM that is signed; and what a stranger pushed. */
async function seed(): Promise<void> {
  const env = ["PATH=/bin", "DB_PASSWORD=hunter2"];
  const [amd, arm] = [await image("amd64", env, "1.0"), await image("arm64", env)];
  const attests = {
    "vnd.docker.reference.type": "attestation-manifest",
    "vnd.docker.reference.digest": amd.digest,
  };
  const config = await pusher.blob(SHOP, TYPES.config, "{}");
  const about = { annotations: { of: "amd64" } };
  const attestation = await pusher.manifest(SHOP, { config, layers: [] }, about);
  const platform = (architecture: string, os = "linux") => ({ platform: { os, architecture } });
  const attesting = { ...attestation, annotations: attests, ...platform("unknown", "unknown") };
  const manifests = [{ ...arm, ...platform("arm64") }, { ...amd, ...platform("amd64") }, attesting];
  const index = await pusher.index(SHOP, manifests, "2.0");
  const sbom = await pusher.referrer(SHOP, index, "application/spdx+json", { tool: "syft" });
  await pusher.referrer(SHOP, sbom, "application/vnd.cncf.notary.signature");
  await pusher.referrer(SHOP, index, "application/vnd.cncf.notary.signature");
  for (let i = 0; i < 3; i += 1) await alice.manifest(SHOP, "1.0");
  await seedStranger();
}

async function seedStranger(): Promise<void> {
  const repository = "alpha/stranger";
  const config = {
    ...{ os: EVIL, architecture: EVIL, created: EVIL, author: EVIL },
    config: {
      ...{ Entrypoint: [EVIL], Cmd: [EVIL], Env: [`${EVIL}=${EVIL}`, `PASSWORD=${EVIL}`] },
      ...{ User: EVIL, WorkingDir: EVIL, StopSignal: EVIL, Labels: { [EVIL]: EVIL } },
      ...{ ExposedPorts: { [EVIL]: {} }, Volumes: { [EVIL]: {} } },
    },
    history: [{ created_by: EVIL, comment: EVIL, author: EVIL, created: EVIL }],
  };
  const evil = await pusher.image(repository, config, ["layer"], "1.0-stranger");
  await pusher.referrer(repository, evil, "application/vnd.stranger", { [EVIL]: EVIL });
  await alice.manifest(repository, "1.0-stranger");
}

async function loggedIn(place: string, options: Parameters<Pages["open"]>[0] = {}) {
  const watched = await pages.open(options);
  await logInBefore(watched.page, stack.url, "alice-token");
  await watched.page.goto(`${stack.url}/ui/${place}`);
  return watched;
}

const settled = (page: Page) => page.locator("body:not(:has(.spinner)) h1").waitFor();
const TAG = `repositories/${SHOP}/-/tags/2.0`;

inBrowser("what the page shows of a tag", () => {
  pages = useBrowser(({ origins }) => {
    expect([...origins].filter((one) => one !== stack.url && one !== "null")).toEqual([]);
  });
  beforeAll(async () => {
    stack = await startTestStack({ env: { DISCOVERY_SECONDS: "0" } });
    alice = registryClient(stack.url, "alice-token");
    pusher = imagePusher(alice);
    await seed();
  });
  afterAll(async () => {
    await stack.stop();
  });

  test("its image: layers with what made each, and the configuration, without a secret in the open", async () => {
    const { page } = await loggedIn(`${TAG}?part=image`);
    const layers = page.getByRole("region", { name: "Layers" });
    await layers.getByText("RUN make amd64").waitFor();
    const rows = await layers.locator("tbody tr").allInnerTexts();
    expect(rows.map((row) => row.replace(/\s+/g, " "))).toEqual([
      expect.stringMatching(/^1 ADD rootfs.tar \/ the base 8 bytes [0-9a-f]{12}/),
      expect.stringMatching(/^ ?ENV PORT=80 no files/),
      expect.stringMatching(/^2 RUN make amd64 18 bytes [0-9a-f]{12}/),
    ]);
    await page.getByText('--port "80 80"').waitFor();
    const environment = page.getByRole("region", { name: "Environment" });
    await environment.getByText("/bin").waitFor();
    expect(await environment.innerText()).not.toContain("hunter2");
    await environment.getByRole("button", { name: "Show the value of DB_PASSWORD" }).click();
    await environment.getByText("hunter2").waitFor();
  });

  test("the image of another platform, and what attests one, by a switch that the address keeps", async () => {
    const { page } = await loggedIn(`${TAG}?part=image`);
    const platform = page.getByLabel("Platform");
    await platform.waitFor();
    expect(await platform.locator("option").allInnerTexts()).toEqual([
      ...["linux/arm64", "linux/amd64", "attestation of linux/amd64"],
    ]);
    await platform.selectOption("linux/arm64");
    await page.getByText("RUN make arm64").waitFor();
    await page.reload();
    await page.getByText("RUN make arm64").waitFor();
    await platform.selectOption("attestation of linux/amd64");
    await page.getByText("RUN make arm64").waitFor({ state: "detached" });
  });

  test("what refers to it, as a tree, and in the whole repository; a signed tag says so", async () => {
    const { page } = await loggedIn(`${TAG}?part=referrers`);
    const sbom = page.getByRole("listitem").filter({ hasText: "application/spdx+json" });
    await sbom.getByText("SBOM", { exact: true }).waitFor();
    await sbom.getByRole("listitem").getByText("signature", { exact: true }).waitFor();
    await sbom.getByText("Annotations").first().click();
    await sbom.getByText("syft").waitFor();
    await page.goto(`${stack.url}/ui/repositories/${SHOP}/-/referrers`);
    await page
      .getByRole("row")
      .filter({ hasText: "SBOM" })
      .getByRole("link", { name: "2.0" })
      .click();
    await page.getByRole("heading", { name: "2.0", level: 1 }).waitFor();
    await page.goto(`${stack.url}/ui/repositories/${SHOP}/-/`);
    await page.getByRole("row", { name: "2.0" }).getByText("signed").waitFor();
  });

  test("how often it was pulled, day by day: a chart that is loaded when it is wanted, and a table", async () => {
    await eventually("pulls are written", async () => {
      const answer = await fetch(`${stack.url}/api/v1/repositories/${SHOP}/pull-days?tag=1.0`, {
        headers: { Authorization: "Bearer alice-token" },
      });
      const { days } = (await answer.json()) as { days: { pulls: number }[] };
      return (days.at(-1)?.pulls ?? 0) > 0;
    });
    const { page, requests, complaints } = await loggedIn("");
    await settled(page);
    expect(requests.filter((url) => url.includes("chart"))).toEqual([]);
    for (const place of [`repositories/${SHOP}/-/tags/1.0`, `repositories/${SHOP}/-/activity`]) {
      await page.goto(`${stack.url}/ui/${place}`);
      await page
        .getByRole("img", { name: "Pulls by day: 3 in 30 days" })
        .locator("canvas")
        .waitFor();
      const table = page.getByRole("region", { name: "Pulls by day" });
      expect(await table.locator("tbody tr").count()).toBe(30);
      expect(await table.locator("tbody tr").first().innerText()).toMatch(/\t3$/);
    }
    await page.getByRole("combobox", { name: "Days" }).selectOption("7");
    await page.getByRole("img", { name: "Pulls by day: 3 in 7 days" }).waitFor();
    expect(complaints.filter((one) => !one.includes("404"))).toEqual([]);
  });

  test("is found by the beginning of its name, alone or behind a part of the repository's", async () => {
    const { page } = await loggedIn("");
    await page.getByRole("searchbox").fill("shop:2");
    await page.getByRole("link", { name: "2.0" }).waitFor();
    expect(page.url()).toContain("q=shop%3A2");
    await page.getByRole("searchbox").fill("1.0-s");
    await page.getByLabel("Search in").selectOption("Tags");
    await page.getByRole("link", { name: "1.0-stranger" }).waitFor();
    const following = page.waitForResponse((answer) => answer.url().includes("/api/v1/events"));
    await page.reload();
    await following;
    await registryClient(stack.url, "ci-token").push(SHOP, "1.0-second", "pushed while it is open");
    await page.getByRole("link", { name: "1.0-second" }).waitFor();
    await page.getByRole("searchbox").fill("a/b");
    await page.getByText("No tag begins so.").waitFor();
    await page.getByRole("searchbox").fill("2");
    await page.getByRole("link", { name: "2.0" }).click();
    await page.getByRole("heading", { name: "2.0", level: 1 }).waitFor();
  });

  test("has nothing that axe objects to, nor what a stranger wrote as more than text, however wide", async () => {
    const { page, complaints } = await loggedIn("", { bypassCSP: true });
    const stranger = "repositories/alpha/stranger/-";
    for (const place of [
      ...[`${TAG}?part=image`, `${TAG}?part=referrers`, `repositories/${SHOP}/-/tags/1.0`],
      ...[`repositories/${SHOP}/-/referrers`, `repositories/${SHOP}/-/activity`, "?q=1&in=tags"],
      ...["tags/1.0-stranger?part=image", "tags/1.0-stranger?part=referrers", "referrers"].map(
        (part) => `${stranger}/${part}`,
      ),
    ]) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(`${stack.url}/ui/${place}`);
      await settled(page);
      for (const more of await page.locator("summary").all()) await more.click();
      const secret = page.getByRole("button", { name: "Show the value of PASSWORD" });
      if ((await secret.count()) > 0) await secret.click();
      await page.evaluate(AXE);
      for (const [width, rules] of WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
        // What a stranger wrote is the same to axe at whatever width.
        const isAsked = width > 1_000 || !place.startsWith(stranger);
        const found = isAsked ? await page.evaluate(objections(rules)) : [];
        expect([place, width, found]).toEqual([place, width, []]);
        const harm = await page.evaluate(
          `[document.querySelectorAll("[data-evil]").length, "evil" in window, document.documentElement.scrollWidth > innerWidth]`,
        );
        expect([place, width, harm]).toEqual([place, width, [0, false, false]]);
      }
    }
    // Where it was built from is asked for, and not known.
    expect(complaints.filter((one) => !one.includes("404"))).toEqual([]);
  });
});
