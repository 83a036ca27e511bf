import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import bcrypt from "bcryptjs";
import { htpasswdSource } from "#token-server/identity/htpasswd/htpasswd.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testClock, type TestClock } from "./support/clock.js";
import { readableLog, type ReadableLog } from "./support/log.js";
import { credentials, faultOf, whoIs } from "./support/logins.js";

const WRONG = "UNAUTHORIZED: wrong user name or password";
/** The cheapest there is. */
const COST = 4;

let folder: TemporaryFolder;
let file: string;
let clock: TestClock;
let log: ReadableLog;
/** Hashes that passwords were compared with. */
let compared: string[];

beforeEach(async () => {
  folder = await temporaryFolder();
  file = join(folder.path, "users");
  clock = testClock();
  compared = [];
  log = readableLog();
  await users({ alice: "alice-password", bob: "bob-password" });
});
afterEach(() => folder.remove());

describe("a login by a password file", () => {
  test("is the user whose password is right", async () => {
    expect(await start().verify(credentials("alice", "alice-password"))).toMatchObject({
      identity: { uid: "alice", realm: "/employees", kind: "htpasswd", scopes: [], limits: null },
      teams: null,
      accessToken: null,
    });
  });

  test("is in the configured realm", async () => {
    const source = start({ realm: "/services" });
    expect(whoIs(await source.verify(credentials("bob", "bob-password")))).toBe("/services/bob");
  });

  test.each([
    ["a wrong password", "alice", "wrong"],
    ["no password", "alice", ""],
    ["the password of somebody else", "alice", "bob-password"],
    ["another user", "mallory", "alice-password"],
    ["a user in other letters", "Alice", "alice-password"],
    ["a name that JavaScript's objects have", "__proto__", "x"],
  ])("is 401 for %s", async (_what, username, password) => {
    expect(await faultOf(start().verify(credentials(username, password)))).toBe(WRONG);
  });

  test("computes as costly a hash for a user who does not exist as for a wrong password", async () => {
    const source = start();
    await faultOf(source.verify(credentials("alice", "guess")));
    await faultOf(source.verify(credentials("mallory", "guess")));
    expect(compared.map((hash) => bcrypt.getRounds(hash))).toEqual([COST, COST]);
  });

  test("computes the hash once, not for every request", async () => {
    const source = start();
    for (let again = 0; again < 10; again += 1)
      await source.verify(credentials("alice", "alice-password"));
    expect(compared).toHaveLength(1);
  });

  test("turns away those who come while a hundred wait", async () => {
    const source = start();
    const attempts = Array.from({ length: 101 }, (_, attempt) =>
      faultOf(source.verify(credentials("alice", `guess-${attempt}`))),
    );
    const faults = await Promise.all(attempts);
    expect(faults.filter((fault) => fault === WRONG)).toHaveLength(100);
    expect(faults[100]).toBe("TOO_MANY_REQUESTS: too many logins at once, try again");
  });

  test("keeps nobody waiting behind guessers who was right before", async () => {
    const source = start();
    await source.verify(credentials("alice", "alice-password"));
    clock.advance(3_600);
    const guesses = Array.from({ length: 101 }, (_, guess) =>
      faultOf(source.verify(credentials("bob", `guess-${guess}`))),
    );
    expect(whoIs(await source.verify(credentials("alice", "alice-password")))).toMatch(/alice$/);
    expect(await Promise.race([Promise.all(guesses), Promise.resolve("they wait")])).toBe(
      "they wait",
    );
    await Promise.all(guesses);
  });
});

describe("user names that are not in the file", () => {
  test("are refused here when nothing comes after it", () => {
    expect(start().accepts(credentials("mallory", "x"))).toBe(true);
  });

  test("are left to what comes after it", () => {
    const source = start({}, true);
    expect(source.accepts(credentials("mallory", "x"))).toBe(false);
    expect(source.accepts(credentials("alice", "x"))).toBe(true);
  });

  test("and stand for other logins are never taken", () => {
    for (const username of ["oauth2", "oidc", "instance-identity-document", "robot-x"])
      expect(start().accepts(credentials(username, "x"))).toBe(false);
  });
});

describe("a password file that changes", () => {
  test("counts within a second, remembered logins included", async () => {
    const source = start();
    await source.verify(credentials("alice", "alice-password"));
    await users({ alice: "new-password" });
    clock.advance(1);
    expect(await faultOf(source.verify(credentials("alice", "alice-password")))).toBe(WRONG);
    expect(whoIs(await source.verify(credentials("alice", "new-password")))).toMatch(/alice$/);
    expect(log.linesOf("htpasswd.reloaded")).toHaveLength(1);
  });

  test.each([
    "eve:$apr1$abcdefgh$0123456789abcdefghijk.",
    "eve:{SHA}5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
    "eve",
    "oauth2:x",
    `bob:${bcrypt.hashSync("bob-password", COST)}`,
  ])("and has a line of no use ends whoever was removed: %s", async (line) => {
    const source = start();
    await source.verify(credentials("alice", "alice-password"));
    await users({ bob: "bob-password" });
    await writeFile(file, `${await readFile(file, "utf8")}${line}\n`);
    clock.advance(1);
    expect(await faultOf(source.verify(credentials("alice", "alice-password")))).toBe(WRONG);
    expect(whoIs(await source.verify(credentials("bob", "bob-password")))).toMatch(/bob$/);
    expect(log.linesOf("htpasswd.lines-unusable")).toMatchObject([
      { count: 1, lines: [expect.stringContaining(`${file}:2: `)] },
    ]);
  });

  test("and is gone for a while keeps the old one", async () => {
    const source = start();
    await rename(file, `${file}.old`);
    clock.advance(1);
    await source.verify(credentials("alice", "alice-password"));
    await rename(`${file}.old`, file);
    clock.advance(1);
    await source.verify(credentials("bob", "bob-password"));
    expect(log.linesOf("htpasswd.refused")).toHaveLength(1);
  });
});

describe("a password file with lines of no use", () => {
  const HUNTER2 = bcrypt.hashSync("hunter2", COST);
  beforeEach(() =>
    writeFile(
      file,
      ["alice:{SHA}5baa61e4", "hunter2", `do$lar:${HUNTER2}`, `anna meier:${HUNTER2}`]
        .concat([`EXAMPLE\\carol:${HUNTER2}`, `ju\u0308rgen:${HUNTER2}`, `al"ice:${HUNTER2}`, ""])
        .join("\n"),
    ),
  );

  test.each(["do$lar", "anna meier", "EXAMPLE\\carol", "j\u00fcrgen", "ju\u0308rgen"])(
    "lets in whoever has a line of use: %s",
    async (user) => {
      const login = await start().verify(credentials(user, "hunter2"));
      expect(whoIs(login)).toBe(`/employees/${user.normalize("NFC")}`);
    },
  );

  test("lets in nobody by the others, and says so without what stands on them", async () => {
    expect(await faultOf(start().verify(credentials("alice", "alice-password")))).toBe(WRONG);
    expect(log.text()).toContain(`${file}:1: wanted a bcrypt hash`);
    expect(log.text()).not.toContain("hunter2");
  });

  test("leaves no user of it to a directory behind it", () => {
    const source = start({}, true);
    expect(source.accepts(credentials("alice", "x"))).toBe(true);
  });

  test("tells whoever has a name that cannot be used", async () => {
    expect(await faultOf(start().verify(credentials('al"ice', "hunter2")))).toMatch(
      /the credentials are right, but the user name has characters/,
    );
  });
});

test("a password file that is not there is refused at start", async () => {
  await rm(file);
  expect(() => start()).toThrow("ENOENT");
});

function start(change: { realm?: string } = {}, onlyUsersInFile = false) {
  const config = { file, realm: "/employees", cacheSeconds: 60, ...change };
  const compare = (password: string, hash: string) => {
    compared.push(hash);
    return bcrypt.compare(password, hash);
  };
  return htpasswdSource(config, { onlyUsersInFile, compare, now: clock.now, log: log.log });
}

async function users(passwords: Record<string, string>, cost = COST): Promise<void> {
  const lines = Object.entries(passwords).map(
    ([user, password]) => `${user}:${bcrypt.hashSync(password, cost)}`,
  );
  await writeFile(file, `${lines.join("\n")}\n`);
}
