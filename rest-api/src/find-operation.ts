import { Fault } from "#registry-protocol/faults.js";
import { segmentsOf, splitTarget } from "#registry-protocol/path.js";
import { API, type Operation } from "./operation.js";

/** An operation that a request is for. */
export interface FoundOperation<O extends Operation = Operation> {
  readonly operation: O;
  /** Values of the path's parameters, decoded once and not parsed. */
  readonly path: Readonly<Record<string, string>>;
}

/** Finds the operation of a request. */
export type FindOperation<O extends Operation = Operation> = (
  method: string,
  target: string,
) => FoundOperation<O> | null;

/** The one parameter that may have slashes. */
const REPOSITORY = "{repository}";
/** Stands between a repository's name and what is asked of it, where that could be a part of the name: no component is one. */
const END_OF_NAME = "-";

/** An operation and its path, split. */
interface Template<O extends Operation> {
  readonly operation: O;
  readonly before: readonly string[];
  /** What follows the repository; `null`: there is none in it. */
  readonly after: readonly string[] | null;
}

/**
 * Repository names have slashes, so a target is read from its end: what is no name of a repository by itself says what is asked
 * of one. Where it can be read in several ways, the first operation counts that has the method; `/-/`, and a name whose slashes
 * are written `%2F`, leave one way.
 *
 * @param operations - all there are, those first that are to count first
 * @returns finds them by method and target exactly as received; `null` for what is none. Throws Fault METHOD_UNSUPPORTED where
 *   an operation has another method, REQUEST_INVALID when the target cannot be decoded
 */
export function operationFinder<O extends Operation>(operations: readonly O[]): FindOperation<O> {
  const templates = operations.map(templateOf);
  return (method, target) => {
    const { path } = splitTarget(target);
    if (!path.startsWith(`${API}/`)) return null;
    const segments = segmentsOf(path.slice(API.length + 1));
    const fitting = mostTelling(templates.flatMap((template) => fit(template, segments) ?? []));
    if (fitting.length === 0) return null;
    const wanted = method === "HEAD" ? "GET" : method;
    const found = fitting.find(({ operation }) => operation.method === wanted);
    if (found !== undefined) return found;
    throw methodUnsupported(
      method,
      fitting.map(({ operation }) => operation),
    );
  };
}

function templateOf<O extends Operation>(operation: O): Template<O> {
  const segments = operation.path.slice(1).split("/");
  const at = segments.indexOf(REPOSITORY);
  if (at === -1) return { operation, before: segments, after: null };
  return { operation, before: segments.slice(0, at), after: segments.slice(at + 1) };
}

function fit<O extends Operation>(
  { operation, before, after }: Template<O>,
  segments: readonly string[],
): FoundOperation<O> | null {
  const head = valuesOf(before, segments.slice(0, before.length));
  if (head === null) return null;
  const rest = segments.slice(before.length);
  if (after === null) return rest.length === 0 ? { operation, path: head } : null;
  const name = nameIn(rest, after.length);
  const tail = name && valuesOf(after, rest.slice(rest.length - after.length));
  if (name === null || tail === null) return null;
  return { operation, path: { ...head, repository: name, ...tail } };
}

/** @returns what stands before the end of a name, or before so many segments where that is not said */
function nameIn(segments: readonly string[], after: number): string | null {
  const end = segments.indexOf(END_OF_NAME);
  if (end !== -1 && segments.length - end - 1 !== after) return null;
  const name = segments.slice(0, end === -1 ? segments.length - after : end);
  return name.length === 0 ? null : name.join("/");
}

function valuesOf(
  template: readonly string[],
  segments: readonly string[],
): Record<string, string> | null {
  if (segments.length !== template.length) return null;
  const values: Record<string, string> = {};
  for (const [index, part] of template.entries()) {
    const segment = segments[index] ?? "";
    const parameter = /^\{(.+)\}$/.exec(part)?.[1];
    if (parameter === undefined && part !== segment) return null;
    if (parameter !== undefined) values[parameter] = segment;
  }
  return values;
}

/** A target that ends as something asked of a repository is that, and no longer name. */
function mostTelling<O extends Operation>(
  fitting: readonly FoundOperation<O>[],
): readonly FoundOperation<O>[] {
  const telling = fitting.filter(({ operation }) => !operation.path.endsWith(REPOSITORY));
  return telling.length === 0 ? fitting : telling;
}

function methodUnsupported(method: string, operations: readonly Operation[]): Fault {
  const methods = operations.flatMap((one) =>
    one.method === "GET" ? ["GET", "HEAD"] : one.method,
  );
  const [refusal] = operations.flatMap((one) =>
    Object.hasOwn(one.refuses ?? {}, method) ? (one.refuses?.[method] ?? []) : [],
  );
  return new Fault("METHOD_UNSUPPORTED", {
    message: refusal ?? `the method ${method.slice(0, 20)} is not supported here`,
    headers: { Allow: [...new Set(methods)].join(", ") },
  });
}
