import type { JSX } from "preact";
import { answerOf, api } from "../api/ask.js";
import { usePages } from "../api/load.js";
import { History } from "../parts/history.jsx";
import { Rest } from "../parts/states.jsx";
import { goWith, usePlace } from "../place.js";
import { T } from "../texts/texts.js";

/** Pushes that were refused: our speciality. */
export function Refusals(): JSX.Element {
  const { query } = usePlace();
  const by = query.get("by") ?? "";
  const pages = usePages(by, (cursor) =>
    answerOf(
      api.GET("/refusals", {
        params: {
          query: {
            limit: 50,
            ...(by === "" ? {} : { by }),
            ...(cursor === undefined ? {} : { cursor }),
          },
        },
      }),
    ),
  );
  return (
    <>
      <h1 tabIndex={-1}>{T.refusals}</h1>
      <p>{T.refusalsIntro}</p>
      <search class="filters">
        <label>
          {T.who}
          <input
            value={by}
            maxLength={255}
            onChange={({ currentTarget }) => {
              goWith({ by: currentTarget.value });
            }}
          />
        </label>
      </search>
      <History items={pages.items} withNames />
      <Rest pages={pages}>{T.noRefusals}</Rest>
    </>
  );
}
