import { useEffect } from "preact/hooks";

/** Where the page was opened, the browser itself says where one is. */
let isFirst = true;

/**
 * Whoever goes somewhere is told so: the title says where, and a screen reader reads on from the heading.
 *
 * @param path - where one is
 * @param isThere - whether what is shown there has its heading yet
 */
export function useArrival(path: string, isThere: boolean): void {
  useEffect(() => {
    if (!isThere) return;
    const heading = document.querySelector<HTMLElement>("h1");
    document.title = heading === null ? "Wharfinger" : `${heading.textContent} – Wharfinger`;
    if (!isFirst) {
      scrollTo(0, 0);
      heading?.focus({ preventScroll: true });
    }
    isFirst = false;
  }, [path, isThere]);
}
