import { X509Certificate } from "node:crypto";
import { chmod, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readAuthorities } from "#service-kit/signing/authority-folder.js";
import { endWarner } from "#service-kit/signing/key-end.js";
import { readKeyFolder } from "#service-kit/signing/key-folder.js";
import { openKeyRing } from "#service-kit/signing/key-ring.js";
import { operatorFolders, type OperatorFolders } from "#service-kit/signing/operator-folders.js";
import {
  issueKey,
  renewAuthority,
  renewAuthorityInTime,
  renewKeys,
  withdrawGatewayKeys,
} from "#service-kit/signing/renew.js";
import { parseCertificates } from "#service-kit/signing/signing-key.js";
import { eventually } from "#tests/support/eventually.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { readableLog } from "../logins/support/log.js";

const DAY = 86_400;
const RENEWAL = { lifetimeSeconds: 14 * DAY, ahead: 2 };

let folder: TemporaryFolder;
let folders: OperatorFolders;
let now: number;

beforeEach(async () => {
  folder = await temporaryFolder();
  folders = operatorFolders(folder.path);
  now = Math.floor(Date.now() / 1000);
});
afterEach(() => folder.remove());

describe("renewing the gateway's keys", () => {
  test("makes one for today and the next ones in time, each of them certified for its own time alone", async () => {
    await renewKeys(folders, RENEWAL, now);
    const keys = await gatewayKeys();
    expect(keys.map(({ activeFrom }) => activeFrom - now)).toEqual([0, 14 * DAY, 28 * DAY]);
    expect(keys.map(({ endsAt }) => (endsAt ?? 0) - now)).toEqual([15 * DAY, 29 * DAY, 43 * DAY]);
    const begins = await Promise.all(keys.map(({ name }) => beginOf(name)));
    expect(begins.map((at) => at - now)).toEqual([-3_600, 14 * DAY - 3_600, 28 * DAY - 3_600]);
  });

  test("again changes nothing, and later makes what is missing and forgets what has ended", async () => {
    const first = await renewKeys(folders, RENEWAL, now);
    expect(await renewKeys(folders, RENEWAL, now + DAY)).toMatchObject({ made: [], removed: [] });
    const later = await renewKeys(folders, RENEWAL, now + 15 * DAY);
    expect(later.removed).toEqual(first.made.slice(0, 1));
    expect(later.made).toHaveLength(1);
    expect(later.coveredUntil).toBe(first.coveredUntil + 14 * DAY);
  });

  test("after a long time without it begins anew", async () => {
    await renewKeys(folders, RENEWAL, now);
    const { removed } = await renewKeys(folders, RENEWAL, now + 365 * DAY);
    expect(removed).toHaveLength(3);
    expect((await gatewayKeys())[0]?.activeFrom).toBe(now + 365 * DAY);
  });

  test("needs the authority's key only to make one, and says so when it was put away", async () => {
    await renewKeys(folders, RENEWAL, now);
    const [authority] = await readAuthorities(folders.authority);
    await rm(join(folders.authority, `${authority?.name ?? ""}.key.pem`));
    await renewKeys(folders, RENEWAL, now + DAY);
    await expect(renewKeys(folders, RENEWAL, now + 15 * DAY)).rejects.toThrow(
      /\.key\.pem cannot be read: the authority's key has to be there/,
    );
    expect(await gatewayKeys()).not.toEqual([]);
  });
});

describe("the authority", () => {
  test("is replaced with overlap: trusted at once, certifying later, forgotten with its last key", async () => {
    await renewKeys(folders, { ...RENEWAL, ahead: 0 }, now);
    const [before] = await bundle("gateway.pem");
    await renewAuthority(folders, now + DAY, now);
    expect(await bundle("gateway.pem")).toHaveLength(2);
    await renewKeys(folders, { ...RENEWAL, ahead: 1 }, now + 100);
    expect(await issuers()).toEqual([before, before]);
    await renewKeys(folders, { ...RENEWAL, ahead: 1 }, now + 15 * DAY);
    expect(new Set(await issuers()).size).toBe(2);
    expect(await bundle("gateway.pem")).toHaveLength(2);
    await renewKeys(folders, { ...RENEWAL, ahead: 1 }, now + 30 * DAY);
    expect(await bundle("gateway.pem")).toHaveLength(1);
    expect(await bundle("gateway.pem")).not.toContain(before);
    expect(await bundle("audit.pem")).toContain(before);
  });

  test("outlives every key that it certifies: none is trusted, nor said to be good, for longer", async () => {
    await renewKeys(folders, RENEWAL, now);
    const near = now + 722 * DAY;
    const { coveredUntil, authorityEndsAt } = await renewKeys(folders, RENEWAL, near);
    expect(authorityEndsAt).toBe(now + 730 * DAY);
    expect(coveredUntil).toBe(authorityEndsAt);
    const after = authorityEndsAt + DAY;
    await expect(renewKeys(folders, RENEWAL, after)).rejects.toThrow(
      /the authority ends before the key signs: npm run keys -- authority/,
    );
    await renewAuthority(folders, after, after);
    expect((await renewKeys(folders, RENEWAL, after)).coveredUntil).toBe(after + 43 * DAY);
  });

  test("is replaced by whoever starts registries, when it ends soon and not before", async () => {
    const inTime = (at: number) => renewAuthorityInTime(folders, 90 * DAY, at);
    expect(await inTime(now)).toBe(false);
    await renewKeys(folders, RENEWAL, now);
    expect(await inTime(now + 639 * DAY)).toBe(false);
    expect(await inTime(now + 641 * DAY)).toBe(true);
    expect(await inTime(now + 641 * DAY)).toBe(false);
    expect(await bundle("gateway.pem")).toHaveLength(2);
  });

  test("goes with the keys that are withdrawn, and auditors go on trusting what was signed", async () => {
    const { made } = await renewKeys(folders, RENEWAL, now);
    const before = await bundle("gateway.pem");
    const { removed } = await withdrawGatewayKeys(folders, RENEWAL, now + DAY);
    expect(removed).toEqual(made);
    const after = await bundle("gateway.pem");
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
    expect(await readAuthorities(folders.authority)).toHaveLength(1);
    expect(await issuers()).toEqual([...after, ...after, ...after]);
    expect(await bundle("audit.pem")).toEqual([...before, ...after]);
  });
});

test("a withdrawal gives up an authority that is yet to certify, too", async () => {
  await renewKeys(folders, RENEWAL, now);
  await renewAuthority(folders, now + 2 * DAY, now);
  const before = await bundle("gateway.pem");
  await withdrawGatewayKeys(folders, RENEWAL, now + DAY);
  const after = await bundle("gateway.pem");
  expect(after).toHaveLength(1);
  expect(before).not.toContain(after[0]);
});

describe("a gateway", () => {
  test("without a key does not start, and says which command makes one", async () => {
    await expect(openRing()).rejects.toThrow(/holds no key: .*npm run keys -- renew/);
    expect(await readAuthorities(folders.authority)).toEqual([]);
  });

  test("whose key has no certificate does not start", async () => {
    const { made } = await renewKeys(folders, { ...RENEWAL, ahead: 0 }, now);
    await rm(join(folders.keys, "gateway", `${made[0] ?? ""}.cert.pem`));
    await expect(openRing()).rejects.toThrow("cert.pem");
  });

  test("signs with no key whose certificate has ended while another one lives", async () => {
    const { made } = await renewKeys(folders, { ...RENEWAL, ahead: 0 }, now);
    const short = await issueKey(folders, now + 1, 60, now);
    let ahead = 60_000;
    const ring = await openRing(() => Date.now() + ahead);
    const nameOfActive = () =>
      ring.describe().find(({ keyId }) => keyId === ring.active().keyId)?.name;
    expect(nameOfActive()).toBe(short);
    ahead = 2 * DAY * 1000;
    expect(nameOfActive()).toBe(made[0]);
  });

  test("whose key others can read says so", async () => {
    const { made } = await renewKeys(folders, { ...RENEWAL, ahead: 0 }, now);
    const path = join(folders.keys, "gateway", `${made[0] ?? ""}.key.pem`);
    const log = readableLog();
    await openRing(Date.now, log.log);
    expect(log.linesOf("key.readable-by-others")).toEqual([]);
    await chmod(path, 0o640);
    await openRing(Date.now, log.log);
    expect(log.linesOf("key.readable-by-others")).toMatchObject([{ level: 40, path }]);
  });

  test("takes a new key up while it runs, and signs with it when its time has come", async () => {
    await renewKeys(folders, { ...RENEWAL, ahead: 0 }, now);
    let ahead = 0;
    const ring = await openRing(() => Date.now() + ahead);
    await ring.start();
    const first = ring.active().keyId;
    await renewKeys(folders, { ...RENEWAL, ahead: 1 }, now);
    await eventually("it sees the next key", () => ring.describe().length === 2);
    expect(ring.active().keyId).toBe(first);
    ahead = 14 * DAY * 1000 + 5_000;
    expect(ring.active().keyId).not.toBe(first);
    await ring.stop();
  });
});

test.each([
  [8, []],
  [6, [{ level: 40, hoursLeft: 144 }]],
  [-1, [{ level: 50, hoursLeft: -24 }]],
])("%i days before the last key ends it is told, as loudly as it should be", (days, lines) => {
  const log = readableLog();
  let clock = now * 1000;
  const warn = endWarner("gateway", { now: () => clock, log: log.log });
  const keys = [{ endsAt: now - DAY }, { endsAt: now + days * DAY }];
  warn(keys);
  clock += 3_000_000;
  warn(keys);
  expect(log.linesOf("keys.end-near")).toMatchObject(lines);
  clock += 700_000;
  warn(keys);
  expect(log.linesOf("keys.end-near")).toHaveLength(lines.length * 2);
});

function gatewayKeys() {
  return readKeyFolder({ directory: folders.keys, owner: "gateway", certified: true });
}

async function certificateOf(name: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(join(folders.keys, "gateway", `${name}.cert.pem`)));
}

async function beginOf(name: string): Promise<number> {
  return Date.parse((await certificateOf(name)).validFrom) / 1000;
}

async function bundle(file: string): Promise<string[]> {
  const pem = await readFile(join(folders.trust, file), "utf8");
  return parseCertificates(pem, file).map(({ subject }) => subject);
}

async function issuers(): Promise<string[]> {
  const certificates = (await gatewayKeys()).map(({ name }) => certificateOf(name));
  return (await Promise.all(certificates)).map(({ issuer }) => issuer);
}

function openRing(clock = Date.now, log = readableLog().log) {
  return openKeyRing(
    {
      directory: folders.keys,
      owner: "gateway",
      certified: true,
      givenKeys: null,
      givenKeysFile: null,
      certificatesFile: null,
      retainSeconds: 600,
    },
    { now: clock, log },
  );
}
