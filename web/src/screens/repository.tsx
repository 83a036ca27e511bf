import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useFollow } from "../api/follow.js";
import { useLoad } from "../api/load.js";
import { useMay } from "../api/may.js";
import { Confirm } from "../parts/confirm.jsx";
import { figure, sizeOf } from "../parts/figures.js";
import { tellOf } from "../parts/happened.js";
import { Prose } from "../parts/prose.jsx";
import { Star } from "../parts/star.jsx";
import { Asked } from "../parts/states.jsx";
import { Tabs } from "../parts/tabs.jsx";
import { Time } from "../parts/time.jsx";
import { href, repositoryPlace, withQuery } from "../place.js";
import { Fact } from "../parts/fact.jsx";
import { T } from "../texts/texts.js";
import { AccessOf } from "./access.jsx";
import { Activity } from "./activity.jsx";
import { Compare } from "./compare.jsx";
import { ReferrersOf } from "./referrers.jsx";
import { Tags } from "./tags.jsx";

/** One repository: what is said of it, and its tags, activity and access. */
export function Repository({
  name,
  tab,
}: {
  readonly name: string;
  readonly tab: string;
}): JSX.Element {
  const [summary, again] = useLoad(name, () =>
    answerOf(
      api.GET("/repositories/{repository}/summary", { params: { path: { repository: name } } }),
    ),
  );
  const [changes, setChanges] = useState(0);
  useFollow({ repository: name }, (event) => {
    tellOf(event);
    setChanges((before) => before + 1);
    again();
  });
  const tabs = [
    { id: "", text: T.tags, place: repositoryPlace(name) },
    { id: "activity", text: T.activity, place: repositoryPlace(name, "activity") },
    { id: "referrers", text: T.referrers, place: repositoryPlace(name, "referrers") },
    { id: "compare", text: T.compare, place: repositoryPlace(name, "compare") },
    { id: "access", text: T.access, place: repositoryPlace(name, "access") },
  ];
  return (
    <>
      <h1 tabIndex={-1} dir="ltr">
        {name}
      </h1>
      <Asked loaded={summary} again={again}>
        {(repository) => (
          <>
            <Head repository={repository} again={again} />
            <Tabs label={name} tabs={tabs} current={tab} />
            {tab === "" && <Tags repository={repository} changes={changes} />}
            {tab === "activity" && <Activity repository={name} changes={changes} />}
            {tab === "referrers" && <ReferrersOf repository={name} />}
            {tab === "compare" && <Compare repository={name} />}
            {tab === "access" && <AccessOf repository={name} />}
          </>
        )}
      </Asked>
    </>
  );
}

function Head({
  repository,
  again,
}: {
  readonly repository: Shown<"Repository">;
  readonly again: () => void;
}): JSX.Element {
  const { name, team, description, size, tags, pulls, pushedAt, pulledAt } = repository;
  return (
    <>
      <div class="head">
        {description === "" ? <p class="faint">{T.noDescription}</p> : <Prose text={description} />}
        <div class="buttons">
          <Star repository={repository} />
          <Describe name={name} description={description} again={again} />
        </div>
      </div>
      <dl class="facts">
        {team !== null && (
          <Fact name={T.team}>
            <a href={href(withQuery("", { team }))}>{team}</a>
          </Fact>
        )}
        <Fact name={T.tags}>{figure(tags)}</Fact>
        <Fact name={T.size}>{sizeOf(size)}</Fact>
        <Fact name={T.pulls}>{figure(pulls)}</Fact>
        <Fact name={T.lastPush}>
          <Time at={pushedAt} />
        </Fact>
        <Fact name={T.lastPull}>
          <Time at={pulledAt} />
        </Fact>
      </dl>
    </>
  );
}

function Describe({
  name,
  description,
  again,
}: {
  readonly name: string;
  readonly description: string;
  readonly again: () => void;
}): JSX.Element | null {
  const mayPush = useMay("push", name);
  const [text, setText] = useState(description);
  if (!mayPush) return null;
  const save = async () => {
    await answerOf(
      api.PUT("/repositories/{repository}/description", {
        ...{ params: { path: { repository: name } }, body: { description: text } },
      }),
    );
    again();
  };
  return (
    <Confirm label={T.describe} title={T.description} act={save}>
      <label>
        <span class="unseen">{T.description}</span>
        <textarea
          rows={8}
          maxLength={4000}
          value={text}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
          }}
        />
      </label>
    </Confirm>
  );
}
