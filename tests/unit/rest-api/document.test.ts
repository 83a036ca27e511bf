import { createConfig, lintFromString } from "@redocly/openapi-core";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { documentOf } from "#rest-api/document/document-of.js";
import { RECORDED } from "#rest-api/document/recorded.js";
import { OPERATIONS } from "#rest-api/operations/every-operation.js";

interface Described {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { operationId: string }>>>>;
}

const document = documentOf(OPERATIONS, RECORDED) as Described;

describe("the OpenAPI document", () => {
  let problems: readonly { message: string; pointer: string }[];

  beforeAll(async () => {
    const config = await createConfig({
      extends: ["recommended"],
      rules: {
        // There is none to name, and no server but the one that the document comes from.
        "info-license": "off",
        "no-server-example.com": "off",
        // Names have slashes: which of two paths is meant is told in docs/rest-api.md.
        "no-ambiguous-paths": "off",
        // Some send a browser on, and answer nothing else.
        "operation-2xx-response": "off",
      },
    });
    const source = JSON.stringify(document);
    const found = await lintFromString({ source, absoluteRef: "/openapi.json", config });
    problems = found.map(({ message, location: [at] }) => ({
      message,
      pointer: at?.pointer ?? "",
    }));
  });

  test("has no fault that a linter finds", () => {
    expect(problems).toEqual([]);
  });

  test("says of each operation what is answered when all is well", () => {
    const isWell = (status: string) => status.startsWith("2") || status === "302";
    const without = OPERATIONS.filter(({ answers }) => !Object.keys(answers).some(isWell));
    expect(without.map(({ id }) => id)).toEqual([]);
  });

  test("is of version 3.1, and describes each operation once", () => {
    expect(document.openapi).toBe("3.1.0");
    const described = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(described.sort()).toEqual(OPERATIONS.map(({ id }) => id).sort());
    expect(new Set(described).size).toBe(described.length);
  });

  test("has an example of each operation that answers JSON", () => {
    const without = OPERATIONS.filter(({ id, answers }) => {
      const answersJson = Object.values(answers).some(({ schema }) => schema !== null);
      return answersJson && !(id in RECORDED);
    });
    expect(without.map(({ id }) => id)).toEqual([]);
  });
});

describe("an operation", () => {
  test.each(OPERATIONS.map((operation) => [operation.id, operation] as const))(
    "%s names in its path what it parses of it",
    (_id, { path, parameters, who }) => {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(Object.keys(parameters.shape).sort()).toEqual(named.sort());
      if (["pull", "push", "delete"].includes(who)) expect(named).toContain("repository");
    },
  );

  test.each(OPERATIONS.filter(({ id }) => id in RECORDED).map((one) => [one.id, one] as const))(
    "%s was recorded with an answer of the form that it says",
    (id, { answers, body }) => {
      const { status, answer, request } = RECORDED[id] ?? { status: 0 };
      const { schema = null } = answers[status] ?? {};
      if (schema !== null) expect(schema.safeParse(answer).error).toBeUndefined();
      if (body !== null) expect(body.safeParse(request).error).toBeUndefined();
    },
  );
});
