import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { answerOf, api } from "../api/ask.js";
import { useLoad, usePages } from "../api/load.js";
import { useMay } from "../api/may.js";
import { History } from "../parts/history.jsx";
import { PullsByDay } from "../parts/pulls-by-day.jsx";
import { Pullers } from "../parts/pullers.jsx";
import { Asked, Rest } from "../parts/states.jsx";
import { T } from "../texts/texts.js";

/** Refused pushes of a repository, and who pulled from it. */
export function Activity({
  repository,
  changes,
}: {
  readonly repository: string;
  readonly changes: number;
}): JSX.Element {
  const mayPush = useMay("push", repository);
  const refusals = usePages(repository, (cursor) =>
    answerOf(
      api.GET("/refusals", {
        params: { query: { repository, limit: 50, ...(cursor === undefined ? {} : { cursor }) } },
      }),
    ),
  );
  const seen = useRef(changes);
  useEffect(() => {
    if (seen.current !== changes) refusals.again();
    seen.current = changes;
  }, [changes]);
  return (
    <>
      <h2>{T.refusals}</h2>
      <History items={refusals.items} withNames />
      <Rest pages={refusals}>{T.noRefusals}</Rest>
      <PullsByDay repository={repository} />
      {mayPush && <PulledFrom repository={repository} />}
    </>
  );
}

function PulledFrom({ repository }: { readonly repository: string }): JSX.Element {
  const [pulls, again] = useLoad(repository, () =>
    answerOf(
      api.GET("/repositories/{repository}/pulls", {
        params: { path: { repository }, query: { limit: 100 } },
      }),
    ),
  );
  return (
    <>
      <h2>{T.whoPulled}</h2>
      <Asked loaded={pulls} again={again}>
        {({ pulledBy }) => <Pullers pulls={pulledBy} />}
      </Asked>
    </>
  );
}
