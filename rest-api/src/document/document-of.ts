import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type ResponseConfig,
  type RouteConfig,
} from "@asteasolutions/zod-to-openapi";
import { z } from "zod";
import { GROUPS } from "../groups.js";
import { API, type AnswerSpec, type Operation, type Who } from "../operation.js";
import { ABOUT } from "./about.js";
import { problem } from "./problem.js";

/** An answer that an operation gave, as it was recorded. */
export interface RecordedExample {
  /** Body of the request; absent: it had none. */
  readonly request?: unknown;
  readonly status: number;
  /** Absent: the answer had none. */
  readonly answer?: unknown;
}

const PROBLEM_TYPE = "application/problem+json";

/**
 * @param operations - all there are
 * @param examples - recorded answers, by operation
 * @returns the OpenAPI 3.1 document about them
 */
export function documentOf(
  operations: readonly Operation[],
  examples: Readonly<Record<string, RecordedExample>>,
): object {
  const registry = new OpenAPIRegistry();
  const schemes = {
    basic: { type: "http", scheme: "basic" },
    token: { type: "http", scheme: "bearer" },
  } as const;
  registry.registerComponent("securitySchemes", "basic", {
    ...schemes.basic,
    description: "A name and its password; `oauth2` and an access token.",
  });
  registry.registerComponent("securitySchemes", "token", {
    ...schemes.token,
    description: "An access token, or what `/token` gave for one.",
  });
  for (const operation of operations) {
    for (const { items = {} } of Object.values(operation.answers))
      for (const [name, schema] of Object.entries(items))
        registry.registerComponent("schemas", name, jsonSchemaOf(schema));
    registry.registerPath(routeOf(operation, examples[operation.id]));
  }
  const used = new Set<string>(operations.map(({ group }) => group));
  const groups = Object.entries(GROUPS).filter(([name]) => used.has(name));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: ABOUT,
    servers: [{ url: API }],
    security: [{ token: [] }, { basic: [] }],
    tags: groups.map(([name, description]) => ({ name, description })),
  });
}

function routeOf(operation: Operation, example: RecordedExample | undefined): RouteConfig {
  const { id, method, path, group, summary, parameters, query, headers, body, answers } = operation;
  return {
    ...{ method: METHODS[method], path, operationId: id, tags: [group], summary },
    description: [operation.description, MAY[operation.who]].filter(Boolean).join("\n\n"),
    // Whoever is nobody in particular may be asked to log in, too, and is told so.
    ...(operation.who === "nobody-in-particular" ? { security: [] } : {}),
    request: {
      ...(isEmpty(parameters) ? {} : { params: parameters }),
      ...(isEmpty(query) ? {} : { query }),
      ...(headers === undefined ? {} : { headers }),
      ...(body === null ? {} : { body: bodyOf(body, example) }),
    },
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [
          status,
          answerOf(answer, example?.status === Number(status) ? example : undefined),
        ]),
      ),
      ...(method === "GET" ? { 304: { description: "It is what `If-None-Match` names." } } : {}),
      "4XX": problemOf("The request is refused, and why."),
      "5XX": problemOf("It cannot be decided for the moment; 503: try again."),
    },
  };
}

const METHODS = { GET: "get", POST: "post", PUT: "put", PATCH: "patch", DELETE: "delete" } as const;

const MAY: Readonly<Record<Who, string>> = {
  "nobody-in-particular": "For everybody, without a login.",
  view: "For whoever may log in, or reads as nobody in particular: it shows what they may `pull`.",
  pull: "For whoever may `pull` there.",
  push: "For whoever may `push` there.",
  delete: "For whoever may `delete` there.",
  administrator: "For administrators (`ADMIN_TEAMS`).",
  login: "For whoever logs in.",
};

function isEmpty({ shape }: Operation["parameters"]): boolean {
  return Object.keys(shape).length === 0;
}

function bodyOf(schema: NonNullable<Operation["body"]>, example: RecordedExample | undefined) {
  const shown = example?.request === undefined ? {} : { example: example.request };
  return { required: true, content: { "application/json": { schema, ...shown } } };
}

/** By zod itself: the generator makes components of what it meets in bodies alone. */
function jsonSchemaOf(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { io: "input" });
}

/** JSON Schema's `contentSchema` says what is in a text; what it names stands beside it. */
function textOf(contentMediaType: string, items: AnswerSpec["items"]) {
  if (items === undefined) return { type: "string" as const };
  const anyOf = Object.keys(items).map((name) => ({ $ref: `#/components/schemas/${name}` }));
  return { type: "string" as const, contentMediaType, contentSchema: { items: { anyOf } } };
}

function answerOf(
  { description, schema, streams, items }: AnswerSpec,
  example: RecordedExample | undefined,
): ResponseConfig {
  const shown = example?.answer === undefined ? {} : { example: example.answer };
  if (schema === null && streams === undefined) return { description };
  // Of what comes as JSON, too, the example is that.
  const others = schema === null ? shown : {};
  const texts = (streams ?? []).map(
    (type) => [type, { schema: textOf(type, items), ...others }] as const,
  );
  const json = schema === null ? {} : { "application/json": { schema, ...shown } };
  return { description, content: { ...json, ...Object.fromEntries(texts) } };
}

function problemOf(description: string): ResponseConfig {
  return { description, content: { [PROBLEM_TYPE]: { schema: problem } } };
}
