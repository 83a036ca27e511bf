import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readCertificates, warnOfUnusable } from "#token-server/identity/machine/certificates.js";
import { localCheck } from "#token-server/identity/machine/local-check.js";
import { machineSource } from "#token-server/identity/machine/machine.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testClock } from "./support/clock.js";
import { readableLog } from "./support/log.js";
import { credentials, faultOf } from "./support/logins.js";
import {
  AS_AWS,
  documentMaker,
  INSTANCE,
  type DocumentMaker,
  type Signer,
} from "./support/machine-documents.js";

const USER = "instance-identity-document";
const REFUSED = "UNAUTHORIZED: the instance identity document is refused";
const UNSIGNED = `${REFUSED}: it is not signed by a trusted certificate`;
const NO_PKCS7 = `${REFUSED}: it is no PKCS#7 with its content inside and exactly one signer`;

/** Within the lifetime of certificates that are made now. */
const LATER = Date.now() + 24 * 3_600_000;

let folder: TemporaryFolder;
let make: DocumentMaker;
let aws: Signer;
let classic: Signer;
let stranger: Signer;
let bundle: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  make = documentMaker(folder.path);
  aws = await make.rsaSigner("aws");
  classic = await make.dsaSigner("classic");
  stranger = await make.rsaSigner("aws-stranger");
  bundle = await bundleOf("bundle.pem", [classic, aws]);
});
afterAll(() => folder.remove());

describe("a machine", () => {
  test("is its instance, with what the document says, and may do nothing but pull", async () => {
    const login = await verify(await make.sign([aws]));
    expect(login).toEqual({
      identity: {
        uid: INSTANCE.instanceId,
        realm: "/machines",
        scopes: [],
        kind: "machine",
        claims: {
          accountId: "123456789012",
          region: "eu-west-1",
          instanceId: INSTANCE.instanceId,
          imageId: "ami-0abcdef1234567890",
          instanceType: "m5.large",
        },
        limits: [{ repositories: "**", actions: ["pull"] }],
      },
      teams: [],
      validUntil: null,
      accessToken: null,
    });
  });

  test.each<[string, () => Signer, string[]]>([
    ["RSA with SHA-256", () => aws, AS_AWS],
    ["RSA with SHA-256 and no signed attributes", () => aws, [...AS_AWS, "-noattr"]],
    ["RSA with SHA-512", () => aws, [...AS_AWS, "-md", "sha512"]],
    ["RSA in DER of definite length", () => aws, ["-nodetach"]],
    ["RSA without certificates in it", () => aws, [...AS_AWS, "-nocerts"]],
    ["RSA naming the signer by key", () => aws, [...AS_AWS, "-keyid"]],
    ["DSA with SHA-1", () => classic, [...AS_AWS, "-md", "sha1"]],
    [
      "DSA with SHA-1 and no signed attributes",
      () => classic,
      [...AS_AWS, "-md", "sha1", "-noattr"],
    ],
    ["DSA with SHA-256", () => classic, [...AS_AWS, "-md", "sha256"]],
  ])("logs in with a document signed by %s", async (_how, signer, args) => {
    const { identity } = await verify(await make.sign([signer()], { args }));
    expect(identity.uid).toBe(INSTANCE.instanceId);
  });

  test("logs in with the document in any of the forms that base64 has", async () => {
    const document = await make.sign([aws]);
    expect(document).toMatch(/^MIAG/);
    const oneLine = document.replaceAll("\n", "");
    for (const form of [
      document,
      oneLine,
      document.replaceAll("\n", "\r\n"),
      `-----BEGIN PKCS7-----\n${document}\n-----END PKCS7-----\n`,
      oneLine.replaceAll("+", "-").replaceAll("/", "_"),
      oneLine.replace(/=+$/, ""),
    ])
      expect((await verify(form)).identity.uid).toBe(INSTANCE.instanceId);
  });
});

test("a certificate counts between its two dates alone", () => {
  const certificates = readCertificates(bundle);
  const counts = [0, LATER, 1e15].map((at) => certificates.keysAt(at).length);
  expect(counts).toEqual([0, 2, 0]);
});

describe("a document is refused", () => {
  test("when somebody else signed it, with their certificate in it or not", async () => {
    for (const args of [AS_AWS, [...AS_AWS, "-nocerts"]])
      expect(await refusal(await make.sign([stranger], { args }))).toBe(UNSIGNED);
  });

  test("when its text is no base64", async () => {
    expect(await refusal("MIAG!")).toBe(`${REFUSED}: it is no PKCS#7 in base64`);
  });

  test("when a single byte of what is signed was changed", async () => {
    for (const args of [AS_AWS, [...AS_AWS, "-noattr"]]) {
      const ber = Buffer.from(await make.sign([aws], { args }), "base64");
      const at = ber.indexOf("123456789012");
      expect(at).toBeGreaterThan(0);
      ber.write("2", at);
      expect(await refusal(ber.toString("base64"), { accounts: ["223456789012"] })).toBe(UNSIGNED);
    }
  });

  test("when its signature or its signed attributes were changed", async () => {
    const ber = Buffer.from(await make.sign([aws]), "base64");
    const digestAttribute = Buffer.from("06092a864886f70d010904", "hex");
    for (const at of [ber.indexOf(digestAttribute) + 20, ber.length - 30]) {
      const changed = Buffer.from(ber);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(await refusal(changed.toString("base64"))).toMatch(REFUSED);
    }
  });

  test("when its content is not inside of it", async () => {
    expect(await refusal(await make.sign([aws], { args: [] }))).toBe(NO_PKCS7);
  });

  test("when it has two signers, even when both are trusted", async () => {
    expect(await refusal(await make.sign([aws, stranger]))).toBe(NO_PKCS7);
    expect(await refusal(await make.sign([aws, classic]))).toBe(NO_PKCS7);
  });

  test("when it is RSA with SHA-1, which can be forged", async () => {
    const args = [...AS_AWS, "-md", "sha1"];
    expect(await refusal(await make.sign([aws], { args }))).toBe(UNSIGNED);
  });

  test("when its content has another type than data, as in a time stamp", async () => {
    const args = [...AS_AWS, "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-noattr"];
    expect(await refusal(await make.sign([aws], { args }))).toBe(UNSIGNED);
  });

  test("when account or region are not ours", async () => {
    const document = await make.sign([aws]);
    expect(await refusal(document, { accounts: ["999999999999"] })).toBe(
      `${REFUSED}: account 123456789012 may not log in`,
    );
    expect(await refusal(document, { regions: ["eu-central-1"] })).toBe(
      `${REFUSED}: region eu-west-1 may not log in`,
    );
  });

  test("when the instance is older than the configured age", async () => {
    const pendingTime = "2026-11-20T10:00:00Z";
    const clock = testClock(LATER);
    const age = (clock.now() - Date.parse(pendingTime)) / 1000;
    const document = await make.sign([aws], { content: { ...INSTANCE, pendingTime } });
    await expect(verify(document, { now: clock.now, maxAgeSeconds: age })).resolves.toBeDefined();
    clock.advance(1);
    expect(await refusal(document, { now: clock.now, maxAgeSeconds: age })).toMatch(
      /launched too long ago$/,
    );
  });

  test("when the instance was launched in the future, beyond what clocks may differ", async () => {
    const { now } = testClock(LATER);
    const launchedIn = (seconds: number) => {
      const pendingTime = new Date(now() + seconds * 1000).toISOString();
      return make.sign([aws], { content: { ...INSTANCE, pendingTime } });
    };
    await expect(verify(await launchedIn(59))).resolves.toBeDefined();
    for (const maxAgeSeconds of [undefined, 3_600])
      expect(
        await refusal(await launchedIn(62), maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
      ).toBe(`${REFUSED}: the instance was launched in the future`);
  });

  test.each<[string, object | string]>([
    ["no JSON", "hello"],
    ["a list", "[]"],
    ["an instance id that is none", { ...INSTANCE, instanceId: "i-../../etc" }],
    ["an account of another form", { ...INSTANCE, accountId: 123456789012 }],
    ["no region", { ...INSTANCE, region: undefined }],
    ["a time that is none", { ...INSTANCE, pendingTime: "yesterday" }],
  ])("when what was signed is %s", async (_what, content) => {
    expect(await refusal(await make.sign([aws], { content }))).toBe(
      `${REFUSED}: its content is no instance identity document`,
    );
  });

  test.each<[string, string]>([
    ["nothing", ""],
    ["no base64", "!!!"],
    ["base64 of nothing in particular", Buffer.from("x".repeat(500)).toString("base64")],
    ["1 MiB", "MIAG".repeat(256 * 1024)],
    ["thousands of nested lists", Buffer.from("3080".repeat(5_000), "hex").toString("base64")],
    [
      "thousands of numbers",
      Buffer.from(`3080${"020100".repeat(3_900)}`, "hex").toString("base64"),
    ],
    ["an empty list", "MAA="],
    [
      "data that nobody signed",
      Buffer.from("300b06092a864886f70d010701", "hex").toString("base64"),
    ],
  ])("when it is %s", async (_what, text) => {
    expect(await refusal(text)).toMatch(REFUSED);
  });

  test("when it is cut off anywhere", async () => {
    const ber = Buffer.from(await make.sign([aws], { args: ["-nodetach"] }), "base64");
    for (let length = 1; length < ber.length; length += 37)
      expect(await refusal(ber.subarray(0, length).toString("base64"))).toMatch(REFUSED);
  });
});

describe("the certificates of those who may sign", () => {
  test("count only between their two dates, which is said at start", async () => {
    const old = await make.rsaSigner("old");
    const path = await bundleOf("old.pem", [old]);
    const certificates = readCertificates(path);
    const late = testClock(Date.parse("2099-01-01T00:00:00Z"));
    expect(await refusal(await make.sign([old]), { certificates, now: late.now })).toBe(UNSIGNED);
    const log = readableLog();
    warnOfUnusable(certificates, path, { log: log.log, now: late.now });
    expect(log.linesOf("machines.certificates-expired")).toMatchObject([{ level: 40, path }]);
  });

  test("are refused at start when there is none or one is broken", async () => {
    const path = join(folder.path, "broken.pem");
    await writeFile(path, "hello");
    expect(() => readCertificates(path)).toThrow(`${path}: wanted certificates in PEM form`);
    const pem = await readFile(aws.certificateFile, "utf8");
    await writeFile(path, `${pem}${pem.replace("MII", "AAA")}`);
    expect(() => readCertificates(path)).toThrow(`${path}: certificate 2 cannot be read`);
  });
});

type Check = Partial<Parameters<typeof localCheck>[0]>;

function verify(document: string, change: Check = {}) {
  const { now } = testClock(LATER);
  const accounts = ["123456789012"];
  const certificates = change.certificates ?? readCertificates(bundle);
  const check = localCheck({ certificates, accounts, regions: ["eu-west-1"], now, ...change });
  return machineSource(check, now).verify(credentials(USER, document));
}

function refusal(document: string, change: Check = {}): Promise<string> {
  return faultOf(verify(document, change));
}

async function bundleOf(name: string, signers: readonly Signer[]): Promise<string> {
  const path = join(folder.path, name);
  const texts = await Promise.all(
    signers.map((signer) => readFile(signer.certificateFile, "utf8")),
  );
  await writeFile(path, texts.join("# the next region\n"));
  return path;
}
