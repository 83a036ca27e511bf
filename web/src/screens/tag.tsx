import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useFollow } from "../api/follow.js";
import { useLoad, usePages } from "../api/load.js";
import { useMay } from "../api/may.js";
import { Confirm } from "../parts/confirm.jsx";
import { tellOf } from "../parts/happened.js";
import { History } from "../parts/history.jsx";
import { MutabilityBadge, whyOf } from "../parts/mutability.jsx";
import { Asked, Rest } from "../parts/states.jsx";
import { Tabs } from "../parts/tabs.jsx";
import { href, repositoryPlace, tagPlace, usePlace, withQuery } from "../place.js";
import { T } from "../texts/texts.js";
import { Contents } from "./contents.jsx";
import { Image } from "./image.jsx";
import { Referrers } from "./referrers.jsx";
import { Related } from "./related.jsx";
import { Overview } from "./tag-overview.jsx";

const PARTS = ["overview", "image", "history", "contents", "referrers", "related"] as const;
type Part = (typeof PARTS)[number];

function textOf(part: Part): string {
  return part === "image" ? T.imagePart : T[part];
}

/** One tag: what it means, what may become of it and why, and what happened to it. */
export function Tag({
  repository,
  tag,
}: {
  readonly repository: string;
  readonly tag: string;
}): JSX.Element {
  const { query } = usePlace();
  const part = PARTS.find((one) => one === query.get("part")) ?? "overview";
  const path = { repository, tag };
  const [described, again] = useLoad(`${repository}:${tag}`, () =>
    answerOf(api.GET("/repositories/{repository}/tags/{tag}", { params: { path } })),
  );
  const [changes, setChanges] = useState(0);
  useFollow({ repository }, (event) => {
    if (event.tag !== tag) return;
    tellOf(event);
    setChanges((before) => before + 1);
    again();
  });
  const here = tagPlace(repository, tag);
  return (
    <>
      <p class="crumbs">
        <a href={href(repositoryPlace(repository))} dir="ltr">
          {repository}
        </a>
      </p>
      <h1 tabIndex={-1} dir="ltr">
        {tag}
      </h1>
      <Asked loaded={described} again={again}>
        {(one) => (
          <>
            <Verdict tag={one} again={again} />
            <Tabs
              label={tag}
              current={part}
              tabs={PARTS.map((id) => ({
                id,
                text: textOf(id),
                place: withQuery(here, id === "overview" ? {} : { part: id }),
              }))}
            />
            {part === "overview" && <Overview tag={one} />}
            {part === "history" && <HistoryOf path={path} changes={changes} />}
            {part === "image" && one.digest !== null && (
              <Image repository={repository} digest={one.digest} />
            )}
            {part === "contents" && <Contents path={path} />}
            {part === "referrers" && one.digest !== null && (
              <Referrers repository={repository} digest={one.digest} />
            )}
            {part === "related" && one.digest !== null && (
              <Related repository={repository} tag={tag} digest={one.digest} />
            )}
          </>
        )}
      </Asked>
    </>
  );
}

function Verdict({
  tag,
  again,
}: {
  readonly tag: Shown<"Tag">;
  readonly again: () => void;
}): JSX.Element {
  const { repository, tag: name, locked, digest, deletedBy } = tag;
  const mayPush = useMay("push", repository);
  const lock = async () => {
    await answerOf(
      api.PUT("/repositories/{repository}/tags/{tag}/lock", {
        params: { path: { repository, tag: name } },
      }),
    );
    again();
  };
  return (
    <div class="head">
      <p>
        <MutabilityBadge tag={tag} /> {whyOf(tag)}
        {deletedBy !== null && ` ${T.deletedBy(deletedBy)}`}
      </p>
      {mayPush && !locked && digest !== null && (
        <Confirm label={T.lock} title={T.lock} name={name} act={lock}>
          <p>{T.lockAsk}</p>
        </Confirm>
      )}
    </div>
  );
}

function HistoryOf({
  path,
  changes,
}: {
  readonly path: { readonly repository: string; readonly tag: string };
  readonly changes: number;
}): JSX.Element {
  const pages = usePages(`${path.repository}:${path.tag}`, (cursor) =>
    answerOf(
      api.GET("/repositories/{repository}/tags/{tag}/history", {
        params: { path, query: { limit: 50, ...(cursor === undefined ? {} : { cursor }) } },
      }),
    ),
  );
  const seen = useRef(changes);
  useEffect(() => {
    if (seen.current !== changes) pages.again();
    seen.current = changes;
  }, [changes]);
  return (
    <>
      <History items={pages.items} />
      <Rest pages={pages}>{T.noHistory}</Rest>
    </>
  );
}
