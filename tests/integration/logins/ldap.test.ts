import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { ldapSchema } from "#token-server/identity/ldap/ldap-schema.js";
import { ldapSource } from "#token-server/identity/ldap/ldap.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testClock } from "./support/clock.js";
import { credentials, faultOf, whoIs } from "./support/logins.js";
import { BASE, findSlapd, SEARCHER, startSlapd, type Slapd } from "./support/slapd.js";

const WRONG = "UNAUTHORIZED: wrong user name or password";
const DOWN = "UNAVAILABLE: the directory is unavailable, try again";
const PEOPLE = `ou=people,${BASE}`;
const GROUPS = { base: `ou=groups,${BASE}`, filter: "(member=${dn})", prefix: "registry-" };

const NO_SEARCHER = { bindDn: undefined, bindPasswordFile: undefined };

const found = await findSlapd();
const describeWithSlapd = typeof found === "string" ? describe.skip : describe;
const why = typeof found === "string" ? ` (skipped, no slapd: ${found.split("\n")[0] ?? ""})` : "";

let folder: TemporaryFolder;
let slapd: Slapd;

// Tests of directories that do not answer are configured with the password of this one.
beforeAll(async () => {
  if (typeof found === "string") return;
  folder = await temporaryFolder();
  slapd = await startSlapd(found, folder.path);
  await writeFile(join(folder.path, "password"), `${SEARCHER.password}\n`);
  await fill(slapd);
});
afterAll(async () => {
  if (typeof found === "string") return;
  await slapd.stop();
  await folder.remove();
});

describeWithSlapd(`a login by a directory${why}`, () => {
  test("is the user whose password is right, with groups as teams", async () => {
    const login = await verify("alice", "alice-password", { groups: GROUPS });
    expect({ ...login, teams: [...(login.teams ?? [])].sort() }).toEqual({
      identity: {
        uid: "alice",
        realm: "/employees",
        scopes: [],
        kind: "ldap",
        claims: {},
        limits: null,
      },
      teams: ["alpha", "beta"],
      unmappedGroups: ["everybody"],
      validUntil: null,
      accessToken: null,
    });
  });

  test("may take its teams from memberOf, or from groups that list user names", async () => {
    const byEntry = await verify("alice", "alice-password", { memberOf: { prefix: "registry-" } });
    expect([...(byEntry.teams ?? [])].sort()).toEqual(["alpha", "beta"]);
    const posix = { base: `ou=groups,${BASE}`, filter: "(memberUid=${uid})" };
    const byName = await verify("alice", "alice-password", { groups: posix });
    expect(byName.teams).toEqual(["gamma"]);
  });

  test("leaves teams to be looked up where no groups are configured", async () => {
    expect((await verify("alice", "alice-password")).teams).toBeNull();
  });

  test("goes by the name in the directory, however the user spells it", async () => {
    expect(whoIs(await verify("ALICE", "alice-password"))).toBe("/employees/alice");
    const byMail = { filter: "(mail=${username})" };
    expect(whoIs(await verify("Alice@Example.org", "alice-password", byMail))).toBe(
      "/employees/alice",
    );
  });

  test.each(["ldaps", "StartTLS"])("may cross the network by %s", async (how) => {
    const tls = how === "ldaps" ? { url: slapd.tlsUrl } : { url: slapd.url, startTls: true };
    const login = await verify("alice", "alice-password", { ...tls, caFile: slapd.caFile });
    expect(whoIs(login)).toBe("/employees/alice");
  });

  test.each(["ldaps", "StartTLS"])(
    "is 503 when the server's certificate is not known, by %s",
    async (how) => {
      const tls = how === "ldaps" ? { url: slapd.tlsUrl } : { url: slapd.url, startTls: true };
      expect(await refusal("alice", "alice-password", tls)).toBe(DOWN);
    },
  );

  test.each([
    ["a wrong password", "alice", "wrong"],
    ["the password of somebody else", "alice", "bob-password"],
    ["a user who does not exist", "mallory", "alice-password"],
    ["a user without a password", "nopassword", "x"],
  ])("is 401 for %s", async (_what, username, password) => {
    expect(await refusal(username, password)).toBe(WRONG);
  });

  test("is 401 for an empty password, though the directory itself would let it pass", async () => {
    expect(await refusal("alice", "")).toBe(WRONG);
  });

  test.each(["*", "al*", "alice)(uid=*", "*)(|(uid=*", "alice)(objectClass=*))(&(uid=x", "\\2a"])(
    "takes the user name %j for a name, not for a part of the search",
    async (username) => {
      expect(await refusal(username, "alice-password")).toBe(WRONG);
    },
  );

  test("is 401 when more than one entry has the name: chance must not decide", async () => {
    expect(await refusal("twin", "twin-password", { base: BASE, filter: "(sn=${username})" })).toBe(
      WRONG,
    );
    expect(await refusal("Many", "many-password", { filter: "(sn=${username})" })).toBe(WRONG);
  });

  test("is 503 when the account that searches is refused, never 401", async () => {
    await writeFile(join(folder.path, "wrong"), "not-the-password");
    const wrong = { bindPasswordFile: join(folder.path, "wrong") };
    expect(await refusal("alice", "alice-password", wrong)).toBe(DOWN);
  });

  test("is 503 when the base does not exist", async () => {
    expect(await refusal("alice", "alice-password", { base: `ou=nowhere,${BASE}` })).toBe(DOWN);
  });

  test("is remembered for a minute, so that the directory is not asked for every layer", async () => {
    const clock = testClock();
    const source = sourceOf({ cacheSeconds: 60 }, clock.now);
    const carol = (password: string) => source.verify(credentials("carol", password));
    await slapd.add(`uid=carol,ou=people`, person("carol"));
    await carol("carol-password");
    await slapd.remove("uid=carol,ou=people");
    clock.advance(59);
    expect(whoIs(await carol("carol-password"))).toBe("/employees/carol");
    expect(await faultOf(carol("wrong"))).toBe(WRONG);
    clock.advance(1);
    expect(await faultOf(carol("carol-password"))).toBe(WRONG);
  });

  test("does not take user names that stand for other logins", () => {
    const source = sourceOf({});
    for (const username of ["oauth2", "oidc", "instance-identity-document", "robot-x", "OAuth2"])
      expect(source.accepts(credentials(username, "x"))).toBe(false);
    expect(source.accepts(credentials("alice", "x"))).toBe(true);
  });
});

describe("a directory that does not answer", () => {
  test("is 503 when nobody listens", async () => {
    expect(await refusal("alice", "x", { url: "ldap://127.0.0.1:1", ...NO_SEARCHER })).toBe(DOWN);
  });

  test.each([
    ["never says anything", {}, () => undefined],
    ["hangs up", {}, (socket: Socket) => socket.destroy()],
    ["talks nonsense", {}, (socket: Socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["accepts StartTLS and is silent then", { startTls: true }, acceptStartTls],
    ["accepts StartTLS and hangs up then", { startTls: true }, acceptStartTlsAndHangUp],
  ])(
    "is 503 within the timeout when it %s, and never sees the password",
    async (_how, change, act) => {
      const received: Buffer[] = [];
      const server = createServer((socket) => {
        socket.on("error", () => undefined);
        socket.on("data", (bytes) => {
          received.push(bytes);
          act(socket);
        });
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      try {
        const url = `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const options = { url, timeoutSeconds: 1, ...NO_SEARCHER };
        expect(await refusal("alice", "alice-password", { ...options, ...change })).toBe(DOWN);
        expect(Buffer.concat(received).toString()).not.toContain("alice-password");
      } finally {
        server.close();
      }
    },
  );
});

describe("a connection that is lost after the account that searches was bound", () => {
  test("makes a login 503: nobody in particular would find no user, which would be 401", async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      const isFirst = connections === 1;
      socket.on("error", () => undefined);
      socket.once("data", () => (isFirst ? socket.end(BOUND) : socket.write(FOUND_NOTHING)));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const own = await temporaryFolder();
    try {
      const url = `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const passwordFile = join(own.path, "password");
      await writeFile(passwordFile, "x");
      const change = { url, timeoutSeconds: 1, bindDn: "cn=x", bindPasswordFile: passwordFile };
      expect(await refusal("alice", "alice-password", change)).toBe(DOWN);
    } finally {
      server.close();
      await own.remove();
    }
  });
});

describe("a directory's section", () => {
  test.each<[string, object, string]>([
    ["passwords in the clear over the network", { url: "ldap://ldap.example.org" }, "startTls"],
    [
      "StartTLS over TLS",
      { url: "ldaps://ldap.example.org", startTls: true },
      "TLS from the start",
    ],
    ["an account without a password", { bindDn: "cn=x" }, "or neither"],
    ["a filter that does not ask for the user", { filter: "(uid=alice)" }, "username"],
    ["groups from two places", { groups: GROUPS, memberOf: {} }, "wanted one of"],
    ["another scheme", { url: "https://ldap.example.org" }, "ldaps://"],
  ])("with %s is refused", (_what, change, message) => {
    const section = { url: "ldap://127.0.0.1", base: PEOPLE, ...change };
    const { error } = ldapSchema(z.string()).safeParse(section);
    expect(z.prettifyError(error ?? new z.ZodError([]))).toContain(message);
  });
});

function verify(username: string, password: string, change: object = {}) {
  return sourceOf(change).verify(credentials(username, password));
}

function refusal(username: string, password: string, change: object = {}): Promise<string> {
  return faultOf(Promise.resolve().then(() => verify(username, password, change)));
}

function sourceOf(change: object, now = Date.now) {
  const asSearcher =
    typeof found === "string"
      ? {}
      : {
          url: slapd.url,
          bindDn: SEARCHER.dn,
          bindPasswordFile: join(folder.path, "password"),
        };
  const section = { base: PEOPLE, ...asSearcher, ...change };
  return ldapSource(ldapSchema(z.string()).parse(section), now);
}

/** Message 1, bind response, success. */
const BOUND = Buffer.from("300c02010161070a010004000400", "hex");
/** Message 2, end of a search, success. */
const FOUND_NOTHING = Buffer.from("300c02010265070a010004000400", "hex");

/** The answer to StartTLS: message 1, extended response, success. */
function acceptStartTls(socket: Socket): void {
  socket.write(Buffer.from("300c02010178070a010004000400", "hex"));
}

function acceptStartTlsAndHangUp(socket: Socket): void {
  acceptStartTls(socket);
  socket.end();
}

function person(uid: string, known: Record<string, string> = {}) {
  const password = `${uid}-password`;
  const mail = `${uid}@example.org`;
  return { objectClass: "inetOrgPerson", cn: uid, sn: uid, mail, userPassword: password, ...known };
}

async function fill(server: Slapd): Promise<void> {
  await server.add("ou=people", { objectClass: "organizationalUnit", ou: "people" });
  await server.add("ou=groups", { objectClass: "organizationalUnit", ou: "groups" });
  await server.add("cn=search", {
    objectClass: ["organizationalRole", "simpleSecurityObject"],
    userPassword: SEARCHER.password,
  });
  for (const uid of ["alice", "bob"]) await server.add(`uid=${uid},ou=people`, person(uid));
  for (const uid of ["twin-1", "twin-2"])
    await server.add(`uid=${uid},ou=people`, person(uid, { sn: "twin", userPassword: "twin-password" })); // prettier-ignore
  for (const uid of ["many-1", "many-2", "many-3"])
    await server.add(`uid=${uid},ou=people`, person(uid, { sn: "many", userPassword: "many-password" })); // prettier-ignore
  await server.add("uid=nopassword,ou=people", { objectClass: "inetOrgPerson", cn: "n", sn: "n" });
  const alice = `uid=alice,${PEOPLE}`;
  for (const name of ["registry-alpha", "registry-beta", "everybody"])
    await server.add(`cn=${name},ou=groups`, { objectClass: "groupOfNames", member: alice });
  await server.add("cn=registry-foreign,ou=groups", {
    objectClass: "groupOfNames",
    member: `uid=bob,${PEOPLE}`,
  });
  await server.add("cn=gamma,ou=groups", {
    objectClass: "posixGroup",
    gidNumber: "1000",
    memberUid: "alice",
  });
}
