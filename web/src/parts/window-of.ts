import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Rows above and below what is seen. */
const BEYOND = 20;

/**
 * @param body - where the rows are
 * @param count - how many there are in all
 * @param height - of each, in pixels
 * @returns which rows are in sight: the first, and the one after the last
 */
export function useWindowOf(
  body: RefObject<HTMLElement | null>,
  count: number,
  height: number,
): readonly [number, number] {
  const [first, setFirst] = useState(0);
  const [seen, setSeen] = useState(() => Math.ceil(innerHeight / height));
  useEffect(() => {
    const look = () => {
      const top = body.current?.getBoundingClientRect().top ?? 0;
      setFirst(Math.max(0, Math.floor(-top / height)));
      setSeen(Math.ceil(innerHeight / height));
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [height]);
  const begin = Math.max(0, Math.min(first, count) - BEYOND);
  return [begin, Math.min(count, first + seen + BEYOND)];
}
