import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, describe, expect, test } from "@jest/globals";
import { ConfigError, envReader, type EnvReader } from "#service-kit/config.js";

const FOLDER = mkdtempSync(join(tmpdir(), "config-"));
const SECRET_FILE = join(FOLDER, "secret");
writeFileSync(SECRET_FILE, "hunter2-hunter2-hunter2\n");
afterAll(() => {
  rmSync(FOLDER, { recursive: true });
});

describe("the environment", () => {
  test("values are read, and defaults stand in for what is absent or empty", () => {
    const read = envReader({ HOST: " 127.0.0.1 ", EMPTY: "", BLANK: "  ", PORT: "81", ON: "true" });
    expect(read.text("HOST", "0.0.0.0")).toBe("127.0.0.1");
    expect(read.text("EMPTY", "fallback")).toBe("fallback");
    expect(read.text("BLANK", "fallback")).toBe("fallback");
    expect(read.optionalText("ABSENT")).toBeNull();
    expect(read.port("PORT", 80)).toBe(81);
    expect(read.port("OTHER_PORT", 80)).toBe(80);
    expect(read.flag("ON", false)).toBe(true);
    expect(read.flag("OFF", false)).toBe(false);
    expect(read.oneOf("LEVEL", "info", ["info", "debug"])).toBe("info");
    expect(faultsOf(read)).toEqual([]);
  });

  test("a URL loses its trailing slashes", () => {
    const read = envReader({ URL: "https://registry.example/base//" });
    expect(read.url("URL")).toBe("https://registry.example/base");
    expect(faultsOf(read)).toEqual([]);
  });

  test("one start names every faulty variable", () => {
    const read = envReader({
      PORT: "eighty",
      URL: "ftp://x",
      ON: "yes",
      LEVEL: "loud",
      COUNT: "-1",
      PROXIES: "10.0.0.0/8,nonsense",
    });
    read.port("PORT", 80);
    read.url("URL");
    read.url("MISSING_URL");
    read.flag("ON", false);
    read.oneOf("LEVEL", "info", ["info", "debug"]);
    read.integer("COUNT", 1, { min: 1, max: 9 });
    read.addressList("PROXIES");
    read.secret("MISSING_SECRET");
    read.fault("PAIR", "does not fit PORT");
    const names = faultsOf(read).map((fault) => fault.split(":")[0]);
    expect(names).toEqual([
      "PORT",
      "URL",
      "MISSING_URL",
      "ON",
      "LEVEL",
      "COUNT",
      "PROXIES",
      "MISSING_SECRET",
      "PAIR",
    ]);
  });

  test("a fault says what was given and what is wanted", () => {
    const read = envReader({ PORT: "70000" });
    read.port("PORT", 80);
    expect(faultsOf(read)).toEqual(['PORT: given "70000", wanted a whole number from 0 to 65535']);
  });

  test.each(["1.5", "0x10", "1e3", "+1", " ", "９"])("%s is no whole number", (given) => {
    const read = envReader({ COUNT: given });
    read.integer("COUNT", 5, { min: 1, max: 9_999 });
    expect(faultsOf(read)).toHaveLength(given.trim() === "" ? 0 : 1);
  });

  test.each([
    "http://user:hunter2@host/",
    "https://:hunter2@host/",
    "ftp://user:hunter2@host/",
    "http://user:hunter2@",
  ])("a URL with credentials is refused without repeating them: %#", (given) => {
    const read = envReader({ URL: given });
    read.url("URL");
    expect(faultsOf(read).join()).toMatch(/^URL: /);
    expect(faultsOf(read).join()).not.toContain("hunter2");
  });

  test.each([
    ["10.0.0.1", true],
    ["10.0.0.0/8", true],
    ["2001:db8::/32", true],
    ["loopback", true],
    ["uniquelocal, linklocal ,10.0.0.1", true],
    ["10.0.0.0/33", false],
    ["2001:db8::/129", false],
    ["10.0.0.0/8/8", false],
    ["10.0.0/8", false],
    ["everybody", false],
    ["10.0.0.0/", false],
  ])("the address list %s is %s", (given, good) => {
    const read = envReader({ LIST: given });
    read.addressList("LIST");
    expect(faultsOf(read).length === 0).toBe(good);
  });
});

describe("secrets", () => {
  test("come from the variable or from the file that its _FILE sibling names", () => {
    const read = envReader({ DIRECT: "hunter1-hunter1-hunter1", INDIRECT_FILE: SECRET_FILE });
    expect(read.secret("DIRECT").reveal()).toBe("hunter1-hunter1-hunter1");
    expect(read.secret("INDIRECT").reveal()).toBe("hunter2-hunter2-hunter2");
    expect(read.secret("DEFAULT", { fallback: "fallback" }).reveal()).toBe("fallback");
    expect(read.optionalSecret("ABSENT")).toBeNull();
    expect(faultsOf(read)).toEqual([]);
  });

  test("given twice are refused, without repeating them", () => {
    const read = envReader({ KEY: "hunter1", KEY_FILE: SECRET_FILE });
    read.secret("KEY");
    expect(faultsOf(read).join()).toContain("KEY_FILE");
    expect(faultsOf(read).join()).not.toContain("hunter");
  });

  test("in a file that cannot be read are refused with the file's name", () => {
    const read = envReader({ KEY_FILE: join(FOLDER, "absent") });
    read.secret("KEY");
    expect(faultsOf(read).join()).toContain(`KEY_FILE: given "${join(FOLDER, "absent")}"`);
  });

  test("cannot be printed by accident", () => {
    const secret = envReader({ KEY: "hunter1-hunter1-hunter1" }).secret("KEY");
    expect(secret.reveal()).toContain("hunter1");
    const printed = [
      String(secret),
      `${String(secret)}.`,
      JSON.stringify({ secret }),
      inspect(secret, { showHidden: true, depth: null }),
      Object.values(secret).join(),
    ];
    for (const text of printed) expect(text).not.toContain("hunter1");
  });
});

function faultsOf(read: EnvReader): readonly string[] {
  try {
    read.throwIfFaulty();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}
