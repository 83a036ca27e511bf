import type { ComponentType, JSX } from "preact";
import { Home } from "./home.jsx";
import type * as Later from "./later.js";
import { NoSuchPage } from "./no-such-page.jsx";

/** What is shown at a place; `null`: it has to be loaded first, see {@link loadScreens}. */
export type Screen = (() => JSX.Element) | null;

let later: typeof Later | null = null;
const ALONE: Readonly<Record<string, (screens: typeof Later) => ComponentType>> = {
  access: ({ Access }) => Access,
  audit: ({ Audit }) => Audit,
  directory: ({ Directory }) => Directory,
  "in-use": ({ InUse }) => InUse,
  logins: ({ Logins }) => Logins,
  operations: ({ Operations }) => Operations,
  policy: ({ PolicyTest }) => PolicyTest,
  refusals: ({ Refusals }) => Refusals,
  registries: ({ Registries }) => Registries,
  robots: ({ Robots }) => Robots,
};
const OF_TAG = /^repositories\/(.+)\/-\/tags\/([^/]+)$/;
const OF_REPOSITORY = /^repositories\/(.+?)\/-\/(|activity|referrers|compare|access)$/;

/**
 * Loads the screens that are not part of the first view. Whoever has them misses none once the server has others.
 *
 * @throws TypeError when the server cannot be reached, or no longer has the file
 */
export async function loadScreens(): Promise<void> {
  later ??= await import("./later.js");
}

/**
 * @param path - below `/ui/`
 * @returns what is shown there
 */
export function screenAt(path: string): Screen {
  if (path === "") return () => <Home />;
  const tag = OF_TAG.exec(path);
  const repository = OF_REPOSITORY.exec(path);
  const alone = Object.hasOwn(ALONE, path) ? ALONE[path] : undefined;
  if (tag === null && repository === null && alone === undefined) return () => <NoSuchPage />;
  if (later === null) return null;
  const { Tag, Repository } = later;
  if (tag !== null) {
    const name = decoded(tag[2] ?? "");
    return () => <Tag key={path} repository={tag[1] ?? ""} tag={name} />;
  }
  if (repository !== null) {
    const [, name = "", tab = ""] = repository;
    return () => <Repository key={name} name={name} tab={tab} />;
  }
  const Alone = alone?.(later) ?? NoSuchPage;
  return () => <Alone />;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
