import { useLayoutEffect, useState } from "preact/hooks";

/** Where somebody is: what the address says. */
export interface Place {
  /** Below `/ui/`, not decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
}

const BELOW = "/ui/";
const CHANGED = "wharfinger:place";

/** @returns where somebody is */
export function place(): Place {
  const { pathname, search } = location;
  const path = pathname.startsWith(BELOW) ? pathname.slice(BELOW.length) : "";
  return { path, query: new URLSearchParams(search) };
}

/** @returns where somebody is, anew with each change */
export function usePlace(): Place {
  const [here, set] = useState(place);
  // Not `useEffect`: that comes after what was drawn, and who is quicker changes an address that nobody follows yet.
  useLayoutEffect(() => {
    const follow = () => {
      set(place());
    };
    addEventListener("popstate", follow);
    addEventListener(CHANGED, follow);
    return () => {
      removeEventListener("popstate", follow);
      removeEventListener(CHANGED, follow);
    };
  }, []);
  return here;
}

/**
 * @param target - below `/ui/`
 * @param how - whether one gets back to here
 */
export function go(target: string, how: "push" | "replace" = "push"): void {
  history[how === "push" ? "pushState" : "replaceState"](null, "", BELOW + target);
  dispatchEvent(new Event(CHANGED));
}

/** Changes what the query says, and leaves the rest; `null` takes a parameter out. */
export function goWith(changes: Readonly<Record<string, string | null>>): void {
  const { path, query } = place();
  for (const [name, value] of Object.entries(changes))
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  go(withQuery(path, Object.fromEntries(query)), "replace");
}

/** @returns address of a place of the page */
export function href(target: string): string {
  return BELOW + target;
}

/** @returns a path and what is asked there; what is empty is left out */
export function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ""));
  return text.size === 0 ? path : `${path}?${text.toString()}`;
}

/** Names keep their slashes: proxies that decode or refuse `%2F` do no harm; `-` says where a name ends. */
export function repositoryPlace(repository: string, rest = ""): string {
  return `repositories/${repository}/-/${rest}`;
}

/** @returns place of a tag */
export function tagPlace(repository: string, tag: string): string {
  return repositoryPlace(repository, `tags/${encodeURIComponent(tag)}`);
}

/** Links of the page go on without asking the server for another one. */
export function followLinks(): void {
  addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || link.target !== "" || link.hasAttribute("download")) return;
    const { origin, pathname, search } = new URL(link.href);
    if (origin !== location.origin || !pathname.startsWith(BELOW)) return;
    if (pathname.startsWith(`${BELOW}api/`) || link.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    go(pathname.slice(BELOW.length) + search);
  });
}
