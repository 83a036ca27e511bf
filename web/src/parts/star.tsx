import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { answerOf, api, type Refusal, type Shown } from "../api/ask.js";
import { refusalOf } from "../api/load.js";
import { useMe } from "../session.jsx";
import { T } from "../texts/texts.js";
import { figure } from "./figures.js";
import { Refused } from "./states.jsx";

/** Programs have no star to give. */
const PROGRAMS = ["robot", "machine", "service"];

/** How many stars a repository has; whoever is logged in gives theirs, or takes it back. */
export function Star({ repository }: { readonly repository: Shown<"Repository"> }): JSX.Element {
  const me = useMe();
  const [changed, setChanged] = useState<Shown<"Repository"> | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const { name, stars, hasOwnStar = false } = changed ?? repository;
  const params = { path: { repository: name } };
  const turn = () => {
    setRefusal(null);
    answerOf(
      hasOwnStar
        ? api.DELETE("/repositories/{repository}/star", { params })
        : api.PUT("/repositories/{repository}/star", { params }),
    ).then(setChanged, (error: unknown) => {
      setRefusal(refusalOf(error));
    });
  };
  const count = T.stars(figure(stars));
  if (me === null || PROGRAMS.includes(me.kind)) return <span class="stars">☆ {count}</span>;
  return (
    <>
      <button
        type="button"
        class="stars"
        aria-pressed={hasOwnStar}
        aria-label={`${count}: ${T.star}`}
        title={hasOwnStar ? T.unstar : T.star}
        onClick={turn}
      >
        <span aria-hidden="true">{hasOwnStar ? "★" : "☆"}</span> {count}
      </button>
      {refusal !== null && <Refused refusal={refusal} />}
    </>
  );
}
