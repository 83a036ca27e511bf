import { describe, expect, test } from "@jest/globals";
import { readCorsOrigins } from "#gateway/config/cors-origins.js";
import { envReader } from "#service-kit/config.js";

function read(text: string | undefined): readonly string[] {
  const reader = envReader(text === undefined ? {} : { CORS_ORIGINS: text });
  const origins = readCorsOrigins(reader);
  reader.throwIfFaulty();
  return origins;
}

describe("CORS_ORIGINS", () => {
  test.each<[text: string | undefined, origins: readonly string[]]>([
    [undefined, []],
    ["", []],
    ["*", ["*"]],
    ["https://ui.example", ["https://ui.example"]],
    [
      "https://ui.example:8443, http://127.0.0.1:3000",
      ["https://ui.example:8443", "http://127.0.0.1:3000"],
    ],
  ])("may be %j", (text, origins) => {
    expect(read(text)).toEqual(origins);
  });

  test.each([
    "https://ui.example/",
    "https://ui.example/app",
    "https://UI.example",
    "https://ui.example:443",
    "https://user:secret@ui.example",
    "https://*.ui.example",
    "ui.example",
    "ftp://ui.example",
    "chrome-extension://abc",
    "null",
    "*, https://ui.example",
    "https://ui.example,*",
  ])("may not be %j", (text) => {
    expect(() => read(text)).toThrow(/CORS_ORIGINS: given .* wanted origins such as/);
  });
});
