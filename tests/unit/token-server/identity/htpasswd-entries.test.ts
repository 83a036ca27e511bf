import { describe, expect, test } from "@jest/globals";
import bcrypt from "bcryptjs";
import { dummyHash, parseHtpasswd } from "#token-server/identity/htpasswd/entries.js";

const HASH = bcrypt.hashSync("secret", 4);

describe("a password file", () => {
  test("may have comments, empty lines and line ends of Windows", () => {
    const read = parseHtpasswd("users", `# people\r\n\r\nalice:${HASH}\r\nbob:${HASH}`);
    expect([[...read.entries.keys()], read.unusable]).toEqual([["alice", "bob"], []]);
  });

  test.each(["2y", "2a", "2b"])("may have bcrypt hashes that begin with $%s$", (version) => {
    const hash = HASH.replace(/^\$2.\$/, `$${version}$`);
    expect(parseHtpasswd("users", `alice:${hash}`).entries.get("alice")).toBe(hash);
  });

  test.each([
    ["MD5", "alice:$apr1$abcdefgh$0123456789abcdefghijk."],
    ["SHA-1", "alice:{SHA}5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"],
    ["crypt", "alice:rqXexS6ZhobKA"],
    ["a password in the clear", "alice:hunter2"],
    ["a bcrypt hash that takes minutes", `alice:${HASH.replace("$04$", "$31$")}`],
  ])("with %s lets that user in by no password, and everybody else as before", (_what, line) => {
    const { entries, unusable } = parseHtpasswd("users", `# people\nbob:${HASH}\n${line}\n`);
    expect([...entries]).toEqual([
      ["bob", HASH],
      ["alice", null],
    ]);
    expect(unusable).toEqual([expect.stringMatching(/^users:3: wanted a bcrypt hash/)]);
    expect(unusable.join()).not.toMatch(/hunter2|rqXexS6|5baa61|apr1/);
  });

  test.each([
    ["no hash", "hunter2"],
    ["no user", `:${HASH}`],
    ["a user who stands for another login", `oauth2:${HASH}`],
    ["a robot", `robot-ci:${HASH}`],
    ["a user who stands for nobody", `Anonymous:${HASH}`],
  ])("with %s has one line of no use", (_what, line) => {
    const { entries, unusable } = parseHtpasswd("users", `${line}\nbob:${HASH}\n`);
    expect([...entries.keys()]).toEqual(["bob"]);
    expect(unusable).toEqual([expect.stringMatching(/^users:1: /)]);
    expect(unusable.join()).not.toContain("hunter2");
  });

  test.each(["do$lar", "anna meier", "EXAMPLE\\carol", "j\u00fcrgen", "o'brien", "a;b`c^d%e"])(
    "may have the user %s",
    (user) => {
      const { entries, unusable } = parseHtpasswd("users", `${user}:${HASH}`);
      expect([[...entries], unusable]).toEqual([[[user, HASH]], []]);
    },
  );

  test("has a name once, however its letters are composed", () => {
    const { entries } = parseHtpasswd("users", `ju\u0308rgen:${HASH}`);
    expect([...entries.keys()]).toEqual(["j\u00fcrgen"]);
  });

  test.each([
    ["characters", 'al"ice'],
    ["characters", "a*"],
    ["not UTF-8", Buffer.from("j\xfcrgen", "latin1").toString()],
  ])("says of a name that cannot be used that it is (%s)", (why, user) => {
    const { unusable } = parseHtpasswd("users", `${user}:${HASH}`);
    expect(unusable).toEqual([expect.stringContaining(why)]);
  });

  test("with a user twice goes by the last line, as the stock registry does", () => {
    const other = bcrypt.hashSync("other", 4);
    const { entries, unusable } = parseHtpasswd("users", `a:${HASH}\nb:${HASH}\na:${other}`);
    expect(entries.get("a")).toBe(other);
    expect(unusable).toEqual([expect.stringMatching(/^users:3: .*line before/)]);
    expect(parseHtpasswd("users", `a:${HASH}\na:{SHA}x`).entries.get("a")).toBeNull();
  });
});

describe("the hash that nobody has", () => {
  test("costs as much as the slowest of the file, and no password fits it", async () => {
    const dummy = dummyHash(
      parseHtpasswd("users", `a:${HASH}\nb:${HASH.replace("$04$", "$12$")}\nc:{SHA}x`).entries,
    );
    expect(dummy).toMatch(/^\$2b\$12\$.{53}$/);
    await expect(bcrypt.compare("secret", dummyHash(new Map()))).resolves.toBe(false);
  });
});
