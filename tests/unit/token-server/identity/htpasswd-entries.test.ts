import { describe, expect, test } from "@jest/globals";
import bcrypt from "bcryptjs";
import { dummyHash, parseHtpasswd } from "#token-server/identity/htpasswd/entries.js";

const HASH = bcrypt.hashSync("secret", 4);

describe("a password file", () => {
  test("may have comments, empty lines and line ends of Windows", () => {
    const entries = parseHtpasswd("users", `# people\r\n\r\nalice:${HASH}\r\nbob:${HASH}`);
    expect([...entries.keys()]).toEqual(["alice", "bob"]);
  });

  test.each(["2y", "2a", "2b"])("may have bcrypt hashes that begin with $%s$", (version) => {
    const hash = HASH.replace(/^\$2.\$/, `$${version}$`);
    expect(parseHtpasswd("users", `alice:${hash}`).get("alice")).toBe(hash);
  });

  test.each([
    ["MD5", "alice:$apr1$abcdefgh$0123456789abcdefghijk."],
    ["SHA-1", "alice:{SHA}5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"],
    ["crypt", "alice:rqXexS6ZhobKA"],
    ["a password in the clear", "alice:hunter2"],
    ["a bcrypt hash that takes minutes", `alice:${HASH.replace("$04$", "$31$")}`],
    ["no hash", "alice"],
    ["no user", `:${HASH}`],
    ["a user with two spaces", `al  ice:${HASH}`],
    ["a user who stands for another login", `oauth2:${HASH}`],
    ["a robot", `robot-ci:${HASH}`],
    ["a user who stands for nobody", `Anonymous:${HASH}`],
  ])("with %s is refused with the line's number and without what is on it", (_what, line) => {
    const parse = () => parseHtpasswd("users", `# people\nbob:${HASH}\n${line}\n`);
    expect(parse).toThrow(/users:3: /);
    expect(parse).not.toThrow(/hunter2|rqXexS6|5baa61|apr1/);
  });

  test("with a user twice is refused", () => {
    expect(() => parseHtpasswd("users", `a:${HASH}\na:${HASH}`)).toThrow(/users:2: .*twice/);
  });

  test("names every faulty line at once", () => {
    expect(() => parseHtpasswd("users", "a:1\nb:2")).toThrow(/users:1: .*\n.*users:2: /);
  });
});

describe("the hash that nobody has", () => {
  test("costs as much as the slowest of the file, and no password fits it", async () => {
    const dummy = dummyHash(parseHtpasswd("users", `a:${HASH}\nb:${HASH.replace("$04$", "$12$")}`));
    expect(dummy).toMatch(/^\$2b\$12\$.{53}$/);
    await expect(bcrypt.compare("secret", dummyHash(new Map()))).resolves.toBe(false);
  });
});
