import type { JSX } from "preact";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useFollow } from "../api/follow.js";
import { usePages } from "../api/load.js";
import { Command } from "../parts/copy.jsx";
import { figure, sizeOf } from "../parts/figures.js";
import { tellOf } from "../parts/happened.js";
import { Rest } from "../parts/states.jsx";
import { Time } from "../parts/time.jsx";
import { href, repositoryPlace } from "../place.js";
import { T } from "../texts/texts.js";

const ON_PAGE = 50;

/** By what repositories can be sorted. */
export const SORTS = ["name", "pushed", "pulled", "pulls", "size"] as const;
export type Sort = (typeof SORTS)[number];

/** Repositories, by a part of their names. */
export function Cards({
  text,
  team,
  sort,
}: {
  readonly text: string;
  readonly team: string;
  readonly sort: Sort;
}): JSX.Element {
  const asked = {
    ...{ sort, limit: ON_PAGE },
    ...(text === "" ? {} : { text }),
    ...(team === "" ? {} : { team }),
  };
  const pages = usePages(JSON.stringify(asked), (cursor) =>
    answerOf(
      api.GET("/repositories", {
        params: { query: { ...asked, ...(cursor === undefined ? {} : { cursor }) } },
      }),
    ),
  );
  useFollow({}, (event) => {
    tellOf(event);
    pages.again();
  });
  return (
    <>
      <ul class="cards">
        {pages.items.map((repository) => (
          <Card key={repository.name} repository={repository} />
        ))}
      </ul>
      <Rest pages={pages}>
        {text === "" && team === "" ? (
          <>
            <p>{T.noneYet}</p>
            <Command text={`docker push ${location.host}/team/artifact:1.0`} />
          </>
        ) : (
          <p>{T.noneFound}</p>
        )}
      </Rest>
    </>
  );
}

function Card({ repository }: { readonly repository: Shown<"Repository"> }): JSX.Element {
  const { name, description, tags, size, pulls, pushedAt, official, automated } = repository;
  return (
    <li class="card">
      <h2>
        <a href={href(repositoryPlace(name))} dir="ltr">
          {name}
        </a>
        {official && <span class="badge">{T.official}</span>}
        {automated && <span class="badge">{T.automated}</span>}
      </h2>
      {description !== "" && (
        <p class="clamped" dir="auto">
          {withoutMarks(description)}
        </p>
      )}
      <p class="faint small">
        {T.tagCount(figure(tags))} · {sizeOf(size)} · {T.pulledTimes(figure(pulls))} · {T.lastPush}{" "}
        <Time at={pushedAt} />
      </p>
    </li>
  );
}

/** Of Markdown what is read: a card shows its beginning alone. */
function withoutMarks(text: string): string {
  return text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^ *(?:[-*>]|#+) +/gm, "")
    .replace(/[*`]/g, "");
}
