import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { annotatedSource } from "#gateway/scm/find-source.js";
import { parseScmHeader } from "#gateway/scm/scm-header.js";
import { parseScmSource, sourceOfAnnotations } from "#gateway/scm/scm-source.js";
import { Fault } from "#registry-protocol/faults.js";
import { imageText, readingOf } from "#tests/support/manifest-texts.js";

const SOURCE = {
  url: "git:git@git.example:alpha/app.git",
  revision: "cd768599e1bb41c38279c26254feff5cf57bf967",
  author: "alice",
  status: " M build.gradle\n?? notes.txt\n",
};
const encoded = (value: unknown) => encodeURIComponent(JSON.stringify(value));

describe("a source in JSON", () => {
  test("is taken as it is", () => {
    expect(parseScmSource(JSON.stringify(SOURCE))).toEqual(SOURCE);
  });

  test("needs neither author nor status, and may say more", () => {
    const { url, revision } = SOURCE;
    const text = JSON.stringify({ url, revision, branch: "main" });
    expect(parseScmSource(text)).toEqual({ url, revision, author: "", status: "" });
  });

  test.each([
    ["https://ci:secret@git.example/a.git", "https://git.example/a.git"],
    ["https://secret@git.example/a.git", "https://git.example/a.git"],
    ["git:https://ci:sec@ret@git.example/a@b", "git:https://git.example/a@b"],
    ["ssh://git:secret@git.example/a.git", "ssh://git@git.example/a.git"],
    ["ssh://git@git.example/a.git", "ssh://git@git.example/a.git"],
    ["git:git@git.example:a/b.git", "git:git@git.example:a/b.git"],
    ["https://git.example/a@b", "https://git.example/a@b"],
  ])("keeps no password: %s", (url, kept) => {
    expect(parseScmSource(JSON.stringify({ ...SOURCE, url })).url).toBe(kept);
  });

  test("keeps the beginning of a long status, whole characters of it", () => {
    const status = parseScmSource(JSON.stringify({ ...SOURCE, status: "🚢".repeat(5_000) })).status;
    expect(status).toBe("🚢".repeat(1_024));
  });

  test.each([
    ["no JSON", "{", "is no JSON"],
    ["no object", "[]", /expected object/],
    ["no url", JSON.stringify({ ...SOURCE, url: undefined }), /^url: /],
    ["an empty url", JSON.stringify({ ...SOURCE, url: " " }), "url: must not be empty"],
    ["no revision", JSON.stringify({ ...SOURCE, revision: "" }), "revision: must not be empty"],
    ["a number", JSON.stringify({ ...SOURCE, revision: 7 }), /^revision: /],
    ["a long url", JSON.stringify({ ...SOURCE, url: "x".repeat(1_025) }), /at most 1024/],
    ["a NUL", JSON.stringify({ ...SOURCE, author: "a\0b" }), "author: no control characters"],
    ["half a character", '{"url":"a","revision":"\\ud800"}', "revision: no control characters"],
    ["an escape in the status", JSON.stringify({ ...SOURCE, status: "\u001b[2J" }), /^status: /],
  ])("is refused with the reason: %s", (_what, text, message) => {
    expect(() => parseScmSource(text)).toThrow(message);
  });
});

describe("the header X-SCM-Source", () => {
  test("is URL-encoded JSON", () => {
    expect(parseScmHeader(encoded(SOURCE), true)).toEqual(SOURCE);
  });

  test("may be absent for everybody", () => {
    expect(parseScmHeader(undefined, false)).toBeNull();
  });

  test("is denied to those who are not trusted, whatever it says", () => {
    for (const value of [encoded(SOURCE), "", "%"])
      expect(codeOf(() => parseScmHeader(value, false))).toBe("DENIED");
  });

  test.each(["", "%", "%7B", encoded({}), "x".repeat(9_000)])("%#: is refused", (value) => {
    expect(codeOf(() => parseScmHeader(value, true))).toBe("REQUEST_INVALID");
  });

  test("of any content is a source with bounds, or a fault of the client's", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json().map(encodeURIComponent),
      fc
        .record({
          url: fc.string({ unit: "binary", maxLength: 2_000 }),
          revision: fc.string({ unit: "grapheme" }),
          author: fc.option(fc.string({ unit: "binary" }), { nil: undefined }),
          status: fc.option(fc.string({ unit: "grapheme", maxLength: 3_000 }), { nil: undefined }),
        })
        .map(encoded),
    );
    fc.assert(
      fc.property(texts, (text) => {
        let source;
        try {
          source = parseScmHeader(text, true);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
          expect((error as Fault).code).toBe("REQUEST_INVALID");
          expect((error as Fault).message.length).toBeLessThan(200);
          return;
        }
        expect(source?.url).toMatch(/^[^\p{Cc}\p{Cs}]{1,1024}$/u);
        expect(source?.revision).toMatch(/^[^\p{Cc}\p{Cs}]{1,255}$/u);
        expect(source?.author).toMatch(/^[^\p{Cc}\p{Cs}]{0,255}$/u);
        expect(Array.from(source?.status ?? "").length).toBeLessThanOrEqual(1_024);
        expect(source?.status).not.toMatch(/\0|\p{Cs}/u);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("annotations and labels", () => {
  const words = {
    "org.opencontainers.image.source": "https://git.example/alpha/app",
    "org.opencontainers.image.revision": "cd76859",
    "org.opencontainers.image.authors": "alice",
  };
  const named = {
    url: "https://git.example/alpha/app",
    revision: "cd76859",
    author: "alice",
    status: "",
  };

  test("name a source", () => {
    expect(sourceOfAnnotations(words)).toEqual(named);
  });

  test("name one without authors, or with authors that do not fit", () => {
    for (const authors of [undefined, "a\nb", "x".repeat(300), 7])
      expect(
        sourceOfAnnotations({ ...words, "org.opencontainers.image.authors": authors }),
      ).toEqual({ ...named, author: "" });
  });

  test.each(["org.opencontainers.image.source", "org.opencontainers.image.revision"])(
    "name none without %s",
    (name) => {
      expect(sourceOfAnnotations({ ...words, [name]: undefined })).toBeNull();
      expect(sourceOfAnnotations({ ...words, [name]: "" })).toBeNull();
    },
  );

  test.each([null, undefined, "text", [], 7])("of another form name none: %j", (value) => {
    expect(sourceOfAnnotations(value)).toBeNull();
  });

  test("are read from a manifest, whatever bytes it has", () => {
    const manifest = readingOf(Buffer.from(imageText({ annotations: words })));
    expect(annotatedSource(manifest)).toEqual({ source: named, origin: "annotation" });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(annotatedSource(readingOf(bytes))).toBeNull();
        },
      ),
    );
  });
});

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return "none";
}
