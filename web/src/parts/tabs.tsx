import type { JSX } from "preact";
import { href } from "../place.js";

/** Parts of a screen, each with an address of its own. */
export function Tabs({
  label,
  tabs,
  current,
}: {
  readonly label: string;
  readonly tabs: readonly { readonly id: string; readonly text: string; readonly place: string }[];
  readonly current: string;
}): JSX.Element {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ id, text, place }) => (
        <a key={id} href={href(place)} aria-current={id === current ? "page" : undefined}>
          {text}
        </a>
      ))}
    </nav>
  );
}
