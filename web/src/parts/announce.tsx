import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ANNOUNCED } from "../announce.js";

const SHOWN_MILLISECONDS = 6_000;

/** Where that is. */
export function Announcements(): JSX.Element {
  const [text, set] = useState("");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hear = (event: Event) => {
      set((event as CustomEvent<string>).detail);
      clearTimeout(timer);
      timer = setTimeout(() => {
        set("");
      }, SHOWN_MILLISECONDS);
    };
    addEventListener(ANNOUNCED, hear);
    return () => {
      removeEventListener(ANNOUNCED, hear);
    };
  }, []);
  return (
    <div class={text === "" ? "announced" : "announced shown"} role="status" aria-live="polite">
      {text}
    </div>
  );
}
