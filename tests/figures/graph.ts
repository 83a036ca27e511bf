import { dirname } from "node:path";
import type { Source } from "./sources.js";

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * @param sources - files of the product
 * @returns groups of folders of which each imports every other, by way of others; a folder and its `sql` are one
 */
export function circlesBetweenFolders(sources: readonly Source[]): string[][] {
  const graph = new Map<string, Set<string>>();
  for (const { path, imports } of sources) {
    const folder = folderOf(path);
    const targets = graph.get(folder) ?? new Set();
    graph.set(folder, targets);
    for (const target of imports) if (folderOf(target) !== folder) targets.add(folderOf(target));
  }
  const reached = new Map([...graph.keys()].map((folder) => [folder, reachedFrom(graph, folder)]));
  const circles = new Map<string, string[]>();
  for (const [folder, others] of reached) {
    const circle = [...others].filter((other) => reached.get(other)?.has(folder) === true).sort();
    if (circle.length > 0) circles.set(circle.join(), circle);
  }
  return [...circles.values()];
}

/**
 * @param sources - files of the product, none of which imports itself by way of others
 * @returns the longest chain of files of which each imports the next
 */
export function longestChain(sources: readonly Source[]): string[] {
  const importsOf = new Map(sources.map(({ path, imports }) => [path, imports]));
  const chains = new Map<string, string[]>();
  const chainOf = (path: string): string[] => {
    const known = chains.get(path);
    if (known !== undefined) return known;
    // For a file that imports itself by way of others, which is then left out of its own chain.
    chains.set(path, []);
    const below = longest((importsOf.get(path) ?? []).map(chainOf));
    const chain = [path, ...below];
    chains.set(path, chain);
    return chain;
  };
  return longest([...importsOf.keys()].map(chainOf));
}

function longest(chains: readonly string[][]): string[] {
  return chains.reduce((most, chain) => (chain.length > most.length ? chain : most), []);
}

function folderOf(path: string): string {
  return dirname(path).replace(/\/sql$/, "");
}

function reachedFrom(graph: Graph, start: string): Set<string> {
  const reached = new Set<string>();
  const waiting = [start];
  for (let next; (next = waiting.pop()) !== undefined;)
    for (const target of graph.get(next) ?? [])
      if (!reached.has(target)) {
        reached.add(target);
        waiting.push(target);
      }
  return reached;
}
