import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { readLogins } from "#token-server/logins/config.js";
import { ldapSchema } from "#token-server/identity/ldap/ldap-schema.js";
import { ldapSource } from "#token-server/identity/ldap/ldap.js";
import { loginLimiter } from "#token-server/limits/login-limiter.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import {
  LIMITER_SECRET,
  startTestTokenServer,
  type TestTokenServer,
} from "#tests/support/token-server.js";
import { readableLog } from "../integration/logins/support/log.js";
import { credentials, faultOf } from "../integration/logins/support/logins.js";
import {
  BASE,
  findSlapd,
  SEARCHER,
  startSlapd,
  type Slapd,
} from "../integration/logins/support/slapd.js";

const found = await findSlapd();
const describeWithSlapd = typeof found === "string" ? describe.skip : describe;
const limits = { failuresPerSource: 1_000, failuresPerAccount: 5, windowSeconds: 300 };

describeWithSlapd("guesses at one entry of a directory", () => {
  const log = readableLog();
  let folder: TemporaryFolder;
  let slapd: Slapd;
  let server: TestTokenServer;

  beforeAll(async () => {
    folder = await temporaryFolder();
    if (typeof found === "string") throw new Error(found);
    slapd = await startSlapd(found, folder.path);
    await slapd.add("ou=people", { objectClass: "organizationalUnit", ou: "people" });
    await slapd.add("cn=search", {
      objectClass: ["organizationalRole", "simpleSecurityObject"],
      userPassword: SEARCHER.password,
    });
    await slapd.add("cn=nameless,ou=people", {
      objectClass: "inetOrgPerson",
      ...{ cn: "nameless", sn: "nameless", mail: "nameless@example.org", userPassword: "nameless" },
    });
    for (const cn of ["alice", "bob", "machine"])
      await slapd.add(`cn=${cn},ou=people`, {
        objectClass: "inetOrgPerson",
        ...{ cn, sn: cn, mail: `${cn}@example.org`, userPassword: `${cn}-password` },
        uid: cn === "machine" ? "robot-alpha-ci" : cn,
      });
    const bindPasswordFile = join(folder.path, "search-password");
    await writeFile(bindPasswordFile, SEARCHER.password);
    const ldap = ldapSchema(z.string()).parse({
      ...{ url: slapd.url, bindDn: SEARCHER.dn, bindPasswordFile, base: `ou=people,${BASE}` },
      filter: "(|(uid=${username})(mail=${username}))",
      cacheSeconds: 0,
    });
    server = await startTestTokenServer({
      limits,
      log: log.log,
      identity: { tokeninfoUrl: null, teamServiceUrl: null, logins: { ...readLogins(null), ldap } },
    });
  });
  afterAll(async () => {
    await server.stop();
    await slapd.stop();
    await folder.remove();
  });

  const attempt = async (user: string, password: string, address: string) =>
    (await server.http.get("/token").set("X-Forwarded-For", address).auth(user, password)).status;

  test("count for that entry, by whatever name it is found", async () => {
    const names = ["alice", "Alice", "aLICE", " alice ", "alice@example.org", "ALICE@example.org"];
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess += 1)
      statuses.push(
        await attempt(names[guess % names.length] ?? "", `guess-${guess}`, `198.51.100.${guess}`),
      );
    expect(statuses.filter((status) => status === 401)).toHaveLength(limits.failuresPerAccount);
    expect(await attempt("alice@example.org", "alice-password", "198.51.100.99")).toBe(429);
    expect(await attempt("bob", "bob-password", "198.51.100.99")).toBe(200);
  });

  test("do not lock out whoever was right of late", async () => {
    expect(await attempt("bob", "bob-password", "198.51.100.1")).toBe(200);
    for (let guess = 0; guess < 10; guess += 1)
      await attempt("BOB", `guess-${guess}`, `198.51.100.${guess}`);
    expect(await attempt("bob", "another", "198.51.100.50")).toBe(429);
    expect(await attempt("bob", "bob-password", "198.51.100.50")).toBe(200);
  });

  test("do not lock out whoever was right of late on another replica, by whatever name", async () => {
    const bob = `cn=bob,ou=people,${BASE}`;
    const report = { failed: () => undefined, limited: () => undefined };
    const deps = { secret: LIMITER_SECRET, report, now: Date.now };
    const replica = loginLimiter(server.db, limits, deps);
    const guard = (username: string, password: string) =>
      replica.guard(
        { source: "192.0.2.20", account: username, credentials: credentials(username, password) },
        async (accounts) => {
          await accounts.known(bob);
          return "verified";
        },
      );
    expect(await attempt("bob", "bob-password", "198.51.100.1")).toBe(200);
    for (let guess = 0; guess < 10; guess += 1)
      await attempt("bob", `guess-${guess}`, `198.51.100.${guess}`);
    await expect(guard("bob", "another")).rejects.toMatchObject({ code: "TOO_MANY_REQUESTS" });
    await expect(guard("bob", "bob-password")).resolves.toBe("verified");
    await expect(guard("Bob@example.org", "bob-password")).resolves.toBe("verified");
  });

  test("whose entry shows no user name decide nothing, and stop nobody else", async () => {
    for (let attempted = 0; attempted < 12; attempted += 1) {
      const spelled = Array.from("nameless", (letter, at) =>
        (attempted >> at) % 2 === 0 ? letter : letter.toUpperCase(),
      );
      const name = `${spelled.join("")}@example.org`;
      expect(await attempt(name, "nameless", "192.0.2.30")).toBe(503);
    }
    expect(await attempt("bob", "bob-password", "192.0.2.31")).toBe(200);
  });

  test("an entry that is called like a robot is nobody, which is no guess and stands in the log", async () => {
    const login = () => attempt("machine@example.org", "machine-password", "192.0.2.9");
    for (let attempted = 0; attempted < 3 * limits.failuresPerAccount; attempted += 1)
      expect(await login()).toBe(401);
    expect(log.linesOf("login.unusable")[0]).toMatchObject({
      ...{ kind: "ldap", realm: "/employees", uid: "robot-alpha-ci" },
      message: "the user name is kept for another kind of login",
    });
  });
});

/** RFC 4511, appendix A: what a directory may say of a bind, and whether a password was compared. */
const BIND_CODES: readonly [number, string, "right" | "wrong" | "not decided"][] = [
  [0, "success", "right"],
  [1, "operationsError", "not decided"],
  [2, "protocolError", "not decided"],
  [3, "timeLimitExceeded", "not decided"],
  [7, "authMethodNotSupported", "not decided"],
  [8, "strongerAuthRequired", "not decided"],
  [10, "referral", "not decided"],
  [11, "adminLimitExceeded", "not decided"],
  [13, "confidentialityRequired", "not decided"],
  [19, "constraintViolation", "not decided"],
  [32, "noSuchObject", "wrong"],
  [48, "inappropriateAuthentication", "wrong"],
  [49, "invalidCredentials", "wrong"],
  [50, "insufficientAccessRights", "not decided"],
  [51, "busy", "not decided"],
  [52, "unavailable", "not decided"],
  [53, "unwillingToPerform", "not decided"],
  [80, "other", "not decided"],
];
const MEANS = {
  right: /^no fault/,
  wrong: /^UNAUTHORIZED: wrong user name or password$/,
  "not decided": /^UNAVAILABLE: the directory is unavailable/,
};

describe("a directory that answers a bind", () => {
  test.each(BIND_CODES)("by %d (%s) says: %s", async (code, _name, meaning) => {
    expect(await verifyAgainst(code, "")).toMatch(MEANS[meaning]);
  });

  test("by 49 for an account that others' guesses have locked decides nothing", async () => {
    const locked = "80090308: LdapErr: DSID-0C09044E, AcceptSecurityContext error, data 775, v2580";
    expect(await verifyAgainst(49, locked)).toMatch(MEANS["not decided"]);
    const wrong = locked.replace("775", "52e");
    expect(await verifyAgainst(49, wrong)).toMatch(MEANS.wrong);
  });
});

/** A directory that finds alice and answers her bind so. */
async function verifyAgainst(code: number, message: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    let messages = 0;
    socket.on("data", (request: Buffer) => {
      const id = idOf(request);
      messages += 1;
      if (messages === 1) socket.write(Buffer.concat([entryOf(id), result(id, 0x65, 0, "")]));
      else socket.write(result(id, 0x61, messages === 2 ? code : 0, message));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const url = `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = ldapSchema(z.string()).parse({ url, base: BASE, timeoutSeconds: 2 });
    return await faultOf(ldapSource(config, Date.now).verify(credentials("alice", "password")));
  } finally {
    server.close();
  }
}

/** Of a message: tag and length, then the number. */
function idOf(request: Buffer): number {
  const size = request.readUInt8(1);
  return request.readUInt8((size < 0x80 ? 2 : 2 + (size & 0x7f)) + 2);
}

/** BER (X.690): tag, length, content. */
function ber(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

function result(id: number, tag: number, code: number, message: string): Buffer {
  const text = [ber(0x04), ber(0x04, Buffer.from(message))];
  return ber(0x30, ber(0x02, Buffer.from([id])), ber(tag, ber(0x0a, Buffer.from([code])), ...text));
}

function entryOf(id: number): Buffer {
  const uid = ber(0x30, ber(0x04, Buffer.from("uid")), ber(0x31, ber(0x04, Buffer.from("alice"))));
  const dn = ber(0x04, Buffer.from(`uid=alice,${BASE}`));
  return ber(0x30, ber(0x02, Buffer.from([id])), ber(0x64, dn, ber(0x30, uid)));
}
