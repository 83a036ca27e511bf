import type { JSX } from "preact";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useFollow } from "../api/follow.js";
import { useLoad, usePages } from "../api/load.js";
import { tellOf } from "../parts/happened.js";
import { Command } from "../parts/copy.jsx";
import { figure, sizeOf } from "../parts/figures.js";
import { Rest } from "../parts/states.jsx";
import { Time } from "../parts/time.jsx";
import { goWith, href, repositoryPlace, usePlace } from "../place.js";
import { T } from "../texts/texts.js";
import { FoundTags } from "./found-tags.jsx";

const SORTS = ["name", "pushed", "pulled", "pulls", "size"] as const;
const ON_PAGE = 50;
type Sort = (typeof SORTS)[number];

/** What there is: a search over repositories, or over tags, whose facets stand in the address. */
export function Home(): JSX.Element {
  const { query } = usePlace();
  const text = query.get("q") ?? "";
  const team = query.get("team") ?? "";
  const sort = SORTS.find((one) => one === query.get("sort")) ?? "pushed";
  // No repository has a colon in its name.
  const inTags = query.get("in") === "tags" || text.includes(":");
  const [teams] = useLoad("teams", () => answerOf(api.GET("/teams")));
  const [stats] = useLoad("stats", () => answerOf(api.GET("/stats")));
  return (
    <>
      <h1 tabIndex={-1}>{inTags ? T.tags : T.repositories}</h1>
      <Filters
        {...{ text, team, sort, inTags }}
        teams={teams.state === "there" ? teams.value.items : []}
      />
      {stats.state === "there" && (
        <p class="faint">
          {T.figures(
            figure(stats.value.artifacts),
            figure(stats.value.tags),
            sizeOf(stats.value.size),
          )}
        </p>
      )}
      {inTags ? <FoundTags text={text} team={team} /> : <Cards {...{ text, team, sort }} />}
    </>
  );
}

function Cards({
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

function Filters({
  text,
  team,
  sort,
  inTags,
  teams,
}: {
  readonly text: string;
  readonly team: string;
  readonly sort: Sort;
  readonly inTags: boolean;
  readonly teams: readonly Shown<"Team">[];
}): JSX.Element {
  const sorts: Readonly<Record<Sort, string>> = {
    ...{ name: T.byName, pushed: T.byPushed, pulled: T.byPulled, pulls: T.byPulls, size: T.bySize },
  };
  return (
    <search class="filters">
      <label class="wide">
        <span class="unseen">{T.searchLabel}</span>
        <input
          type="search"
          value={text}
          maxLength={255}
          placeholder={T.searchLabel}
          onInput={({ currentTarget }) => {
            goWith({ q: currentTarget.value });
          }}
        />
      </label>
      <label>
        {T.team}
        <select
          value={team}
          onChange={({ currentTarget }) => {
            goWith({ team: currentTarget.value });
          }}
        >
          <option value="">{T.allTeams}</option>
          {(teams.some((one) => one.team === team) || team === ""
            ? teams.map((one) => one.team)
            : [team, ...teams.map((one) => one.team)]
          ).map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <label>
        {T.searchIn}
        <select
          value={inTags ? "tags" : ""}
          disabled={text.includes(":")}
          onChange={({ currentTarget }) => {
            goWith({ in: currentTarget.value });
          }}
        >
          <option value="">{T.repositories}</option>
          <option value="tags">{T.tags}</option>
        </select>
      </label>
      {!inTags && (
        <label>
          {T.sortBy}
          <select
            value={sort}
            onChange={({ currentTarget }) => {
              goWith({ sort: currentTarget.value });
            }}
          >
            {SORTS.map((one) => (
              <option key={one} value={one}>
                {sorts[one]}
              </option>
            ))}
          </select>
        </label>
      )}
    </search>
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
