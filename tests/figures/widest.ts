import { join } from "node:path";
import ts from "typescript";
import type { Source } from "./sources.js";

/** What a function is given of the parts that it works with, as one object. */
export interface DependencyObject {
  readonly name: string;
  readonly members: number;
  /** The first function that takes it, with its file. */
  readonly takenBy: string;
}

/** These put the parts together: they may know all of them. */
const WIRING = /\/wiring\/|\/main\.ts$/;

/**
 * An object counts when at least half of its members are parts, that is functions or objects that have some; one that
 * has nothing but functions, or is of a class, is itself a part.
 *
 * @param root - the tree
 * @param sources - files of the product in it
 * @returns the dependency objects of functions below the wiring, the widest first
 */
export function dependencyObjects(root: string, sources: readonly Source[]): DependencyObject[] {
  const files = sources.map(({ path }) => join(root, path));
  const program = ts.createProgram(files, optionsFor(root, sources));
  const checker = program.getTypeChecker();
  const found = new Map<string, DependencyObject>();
  for (const { path } of sources.filter((source) => !WIRING.test(source.path))) {
    const file = program.getSourceFile(join(root, path));
    if (file === undefined) continue;
    const visit = (node: ts.Node): void => {
      if (ts.isFunctionDeclaration(node))
        for (const { type } of node.parameters) {
          const given = type === undefined ? undefined : checker.getTypeFromTypeNode(type);
          if (given === undefined || !isDependencyObject(checker, given)) continue;
          const name = checker.typeToString(given).slice(0, 60);
          const members = given.getProperties().length;
          const takenBy = `${node.name?.text ?? "a function"} in ${path}`;
          if (!found.has(name)) found.set(name, { name, members, takenBy });
        }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return [...found.values()].sort((a, b) => b.members - a.members);
}

function optionsFor(root: string, sources: readonly Source[]): ts.CompilerOptions {
  const packages = new Set(sources.map(({ path }) => path.slice(0, path.indexOf("/"))));
  return {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    paths: Object.fromEntries(
      [...packages].map((name) => [`#${name}/*`, [join(root, name, "src", "*")]]),
    ),
  };
}

function isDependencyObject(checker: ts.TypeChecker, type: ts.Type): boolean {
  if (!isOfProduct(type) || type.isClass()) return false;
  const members = type.getProperties().map((member) => checker.getTypeOfSymbol(member));
  const parts = members.filter((member) => isFunction(member) || hasFunctions(checker, member));
  return !members.every(isFunction) && parts.length * 2 >= members.length;
}

/** An object of the product's own, not one of a library. */
function isOfProduct(type: ts.Type): boolean {
  if (type.isUnion() || !(type.isIntersection() || type.flags & ts.TypeFlags.Object)) return false;
  const [member] = type.getProperties();
  const file = member?.declarations?.[0]?.getSourceFile().fileName ?? "";
  return file !== "" && !file.includes("/node_modules/");
}

function isFunction(type: ts.Type): boolean {
  const types = type.isUnion() ? type.types : [type];
  return types.some((one) => one.getCallSignatures().length > 0);
}

function hasFunctions(checker: ts.TypeChecker, type: ts.Type): boolean {
  const isObject = (type.flags & ts.TypeFlags.Object) !== 0 || type.isIntersection();
  if (!isObject || checker.isArrayLikeType(type) || isBuiltIn(type)) return false;
  return type.getProperties().some((member) => isFunction(checker.getTypeOfSymbol(member)));
}

/** `Date`, `Buffer`, `AbortSignal`, …: values, however many methods they have. */
function isBuiltIn(type: ts.Type): boolean {
  const file = type.getSymbol()?.declarations?.[0]?.getSourceFile().fileName ?? "";
  return /\/typescript\/lib\/|\/@types\/node\//.test(file);
}
