import type { JSX } from "preact";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useLoad } from "../api/load.js";
import { figure, sizeOf } from "../parts/figures.js";
import { goWith, usePlace } from "../place.js";
import { T } from "../texts/texts.js";
import { Cards, SORTS, type Sort } from "./cards.jsx";
import { FoundTags } from "./found-tags.jsx";

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
          name="q"
          autocomplete="off"
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
          name="in"
          autocomplete="off"
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
            name="sort"
            autocomplete="off"
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
