import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { ConfigError, envReader, type EnvReader } from "#service-kit/config.js";
import { BEARER_TOKEN, PASSWORD, PEM, SHARED_SECRET } from "#service-kit/secret-form.js";

const folder = mkdtempSync(join(tmpdir(), "wharfinger-secrets-"));
const FILE = join(folder, "secret");
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const GOOD = "0123456789abcdef";
const GOOD_PEM = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

describe("a secret", () => {
  test.each([
    ["shared", SHARED_SECRET, GOOD],
    ["shared", SHARED_SECRET, `!"#$%&'()*+,-./:;<=>?@[]^_{|}~`],
    ["bearer token", BEARER_TOKEN, "x"],
    ["password", PASSWORD, "x"],
    ["password", PASSWORD, "with a blank and an ä"],
    ["PEM", PEM, GOOD_PEM],
  ])("of a good form is taken from the variable and from the file: %s", (_title, form, text) => {
    for (const end of ["", "\n", "\r\n"]) {
      writeFileSync(FILE, text + end);
      const read = envReader({ DIRECT: text, INDIRECT_FILE: FILE });
      expect(read.secret("DIRECT", { form }).reveal()).toBe(text);
      const ofFile = read.secret("INDIRECT", { form }).reveal();
      expect(ofFile).toBe((text + end).replace(/\r?\n$/, ""));
      expect(faultsOf(read)).toEqual([]);
    }
  });

  test.each([
    ["shared", SHARED_SECRET, "x"],
    ["shared, one too short", SHARED_SECRET, GOOD.slice(1)],
    ["shared, with a blank inside", SHARED_SECRET, "0123456789 abcdef"],
    ["shared, with a blank before", SHARED_SECRET, ` ${GOOD}`],
    ["shared, with a blank after", SHARED_SECRET, `${GOOD} `],
    ["shared, with a tab", SHARED_SECRET, `${GOOD}\t`],
    ["shared, of blanks", SHARED_SECRET, " ".repeat(20)],
    ["shared, on two lines", SHARED_SECRET, `${GOOD}\n${GOOD}`],
    ["shared, with two line breaks", SHARED_SECRET, `${GOOD}\n\n`],
    ["shared, not ASCII", SHARED_SECRET, `${GOOD}ä`],
    ["shared, with a byte order mark", SHARED_SECRET, `\uFEFF${GOOD}`],
    ["shared, with a NUL", SHARED_SECRET, `${GOOD}\0`],
    ["bearer token with a blank", BEARER_TOKEN, "two words"],
    ["password with a line break", PASSWORD, "one\ntwo"],
    ["password with a NUL", PASSWORD, "one\0two"],
    ["PEM that is none", PEM, GOOD],
  ])(
    "of another form is a fault that names variable or file and not the value: %s",
    (_title, form, text) => {
      writeFileSync(FILE, text);
      const read = envReader({ DIRECT: text, INDIRECT_FILE: FILE });
      read.secret("DIRECT", { form });
      read.secret("INDIRECT", { form });
      const [direct = "", indirect = "", ...others] = faultsOf(read);
      expect(others).toEqual([]);
      expect(direct).toMatch(/^DIRECT: given .*, wanted /);
      expect(indirect).toMatch(/^INDIRECT_FILE: .*secret: given .*, wanted /);
      for (const fault of [direct, indirect])
        expect(fault.replace(form.wanted, "").replace(FILE, "")).not.toContain(
          text.trim() || "nothing",
        );
    },
  );

  test.each(["", "\n", "\r\n", " ", " \n", "\n\n", "\t"])(
    "of a file that holds %j is a fault for every form",
    (content) => {
      writeFileSync(FILE, content);
      for (const form of [
        SHARED_SECRET,
        BEARER_TOKEN,
        PEM,
        ...(content.trim() === content.replace(/\r?\n$/, "") ? [PASSWORD] : []),
      ]) {
        const read = envReader({ KEY_FILE: FILE });
        read.optionalSecret("KEY", form);
        expect(faultsOf(read).join()).toContain("KEY_FILE");
      }
    },
  );
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
