import ts from "typescript";
import { circlesBetweenFolders, longestChain } from "./graph.js";
import { readSources, type Source } from "./sources.js";
import { dependencyObjects } from "./widest.js";

/** How sizes are spread. */
export interface Spread {
  readonly count: number;
  readonly median: number;
  readonly p90: number;
  readonly most: number;
}

/** What the product's sources look like. */
export interface Figures {
  /** Lines of each file. */
  readonly files: Spread;
  readonly lines: number;
  /** Lines of each function that has a body in braces. */
  readonly functions: Spread;
  readonly circles: readonly (readonly string[])[];
  readonly widest: string;
  readonly longestChain: number;
}

/**
 * @param root - a tree of the repository
 * @returns its figures
 */
export function figuresOf(root: string): Figures {
  const sources = readSources(root);
  const lines = sources.map(({ parsed }) => parsed.text.split("\n").length - 1);
  const [widest] = dependencyObjects(root, sources);
  return {
    files: spreadOf(lines),
    lines: lines.reduce((sum, one) => sum + one, 0),
    functions: spreadOf(sources.flatMap(linesOfFunctions)),
    circles: circlesBetweenFolders(sources),
    widest: widest === undefined ? "none" : `${widest.members} (${widest.name})`,
    longestChain: longestChain(sources).length,
  };
}

/**
 * @param sizes - numbers in any order
 * @returns how they are spread
 */
export function spreadOf(sizes: readonly number[]): Spread {
  const sorted = [...sizes].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { count: sorted.length, median: at(0.5), p90: at(0.9), most: at(1) };
}

function linesOfFunctions({ parsed }: Source): number[] {
  const sizes: number[] = [];
  const visit = (node: ts.Node): void => {
    const body = ts.isFunctionLike(node) && "body" in node ? node.body : undefined;
    if (body !== undefined && ts.isBlock(body)) {
      const lineAt = (position: number) => parsed.getLineAndCharacterOfPosition(position).line;
      sizes.push(lineAt(node.end) - lineAt(node.getStart(parsed)) + 1);
    }
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return sizes;
}
