import { options, type RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Rows above and below what is seen. */
const BEYOND = 20;
/** They come when what is seen can be used. */
const BEYOND_MILLISECONDS = 100;

/**
 * @param body - where the rows are
 * @param count - how many there are in all
 * @param height - of each, in pixels
 * @returns which rows are in sight, or all while the page is printed: the first, and the one after the last
 */
export function useWindowOf(
  body: RefObject<HTMLElement | null>,
  count: number,
  height: number,
): readonly [number, number] {
  const [first, setFirst] = useState(0);
  const [isPrinted, setPrinted] = useState(false);
  const [seen, setSeen] = useState(() => Math.ceil(innerHeight / height));
  const [beyond, setBeyond] = useState(0);
  useEffect(() => {
    const timer = setTimeout(setBeyond, BEYOND_MILLISECONDS, BEYOND);
    return () => {
      clearTimeout(timer);
    };
  }, []);
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
  useEffect(() => {
    // The browser takes the page as it is when the listener returns.
    const follow = ({ type }: Event) => {
      drawnAtOnce(() => {
        setPrinted(type === "beforeprint");
      });
    };
    addEventListener("beforeprint", follow);
    addEventListener("afterprint", follow);
    return () => {
      removeEventListener("beforeprint", follow);
      removeEventListener("afterprint", follow);
    };
  }, []);
  if (isPrinted) return [0, count];
  const begin = Math.max(0, Math.min(first, count) - beyond);
  return [begin, Math.min(count, first + seen + beyond)];
}

/** What is changed meanwhile is drawn before this returns. */
function drawnAtOnce(change: () => void): void {
  const before = { ...options };
  options.debounceRendering = (draw) => {
    draw();
  };
  change();
  delete options.debounceRendering;
  Object.assign(options, before);
}
