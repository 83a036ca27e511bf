import type { JSX } from "preact";
import { Empty } from "../parts/states.jsx";
import { href } from "../place.js";
import { T } from "../texts/texts.js";

/** What is shown where nothing is. */
export function NoSuchPage(): JSX.Element {
  return (
    <>
      <h1 tabIndex={-1}>{T.noSuchPage}</h1>
      <Empty>
        <a href={href("")}>{T.toStart}</a>
      </Empty>
    </>
  );
}
