import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { answerOf, api, type Shown } from "../api/ask.js";
import { usePages } from "../api/load.js";
import { Command, Copy, Digest } from "../parts/copy.jsx";
import { figure, sizeOf } from "../parts/figures.js";
import { MutabilityBadge } from "../parts/mutability.jsx";
import { commandFor } from "../parts/pull-command.js";
import { Rest } from "../parts/states.jsx";
import { Time } from "../parts/time.jsx";
import { useWindowOf } from "../parts/window-of.js";
import { goWith, href, tagPlace, usePlace } from "../place.js";
import { T } from "../texts/texts.js";

const SORTS = ["pushed", "version", "pulled", "name"] as const;
const FIRST_PAGE = 100;
const LATER_PAGES = 1_000;
/** What nearly all are of; the column has room for the rest. */
const LINUX = /^linux\//;
/** As in the style sheet: on a phone a row has two lines. */
const ROW_PIXELS = matchMedia("(width < 40rem)").matches ? 68 : 45;
/** Names under which tools keep signatures and attachments of an image. */
const HIDDEN = /^sha(?:256|384|512)-[0-9a-f]{64,128}(?:\.\w+)?$/;

/** All tags of a repository, one a row; only those in sight are in the page. */
export function Tags({
  repository,
  changes,
}: {
  readonly repository: Shown<"Repository">;
  /** Counts what has happened: each time the list is asked for anew. */
  readonly changes: number;
}): JSX.Element {
  const { name, tags: count } = repository;
  const { query } = usePlace();
  const sort = SORTS.find((one) => one === query.get("sort")) ?? "pushed";
  const [showHidden, setShowHidden] = useState(false);
  const pages = usePages(`${name} ${sort}`, (cursor) =>
    answerOf(
      api.GET("/repositories/{repository}/tags", {
        params: {
          path: { repository: name },
          query: {
            ...{ sort, limit: cursor === undefined ? FIRST_PAGE : LATER_PAGES },
            ...(cursor === undefined ? {} : { cursor }),
          },
        },
      }),
    ),
  );
  const seen = useRef(changes);
  useEffect(() => {
    if (changes !== seen.current) pages.again();
    seen.current = changes;
  }, [changes]);
  const usual = useMemo(
    () => pages.items.filter(({ name: tag }) => !tag.startsWith("sha") || !HIDDEN.test(tag)),
    [pages.items],
  );
  const hasHidden = usual.length < pages.items.length;
  const shown = showHidden ? pages.items : usual;
  return (
    <>
      <div class="filters">
        <label>
          {T.sortBy}
          <select
            value={sort}
            onChange={({ currentTarget }) => {
              goWith({ sort: currentTarget.value });
            }}
          >
            <option value="pushed">{T.byPushed}</option>
            <option value="version">{T.byVersion}</option>
            <option value="pulled">{T.byPulled}</option>
            <option value="name">{T.byName}</option>
          </select>
        </label>
        {hasHidden && (
          <label class="check">
            <input
              type="checkbox"
              checked={showHidden}
              onChange={({ currentTarget }) => {
                setShowHidden(currentTarget.checked);
              }}
            />
            {T.showHidden}
          </label>
        )}
        <span class="faint small">{T.tagsShown(figure(pages.items.length), figure(count))}</span>
      </div>
      {shown.length > 0 && (
        <TagTable
          repository={name}
          tags={shown}
          count={Math.max(count, shown.length)}
          more={pages.more}
        />
      )}
      <Rest pages={pages.items.length === 0 ? pages : { ...pages, more: null, isLoading: false }}>
        <p>{T.noTags}</p>
        <Command text={`docker push ${location.host}/${name}:1.0`} />
      </Rest>
    </>
  );
}

function TagTable({
  repository,
  tags,
  count,
  more,
}: {
  readonly repository: string;
  readonly tags: readonly Shown<"ListedTag">[];
  readonly count: number;
  readonly more: (() => void) | null;
}): JSX.Element {
  const body = useRef<HTMLTableSectionElement>(null);
  const [first, last] = useWindowOf(body, tags.length, ROW_PIXELS);
  useEffect(() => {
    if (more !== null && last > tags.length - FIRST_PAGE / 2) more();
  }, [last, tags.length, more === null]);
  return (
    <table class="tags" aria-rowcount={count + 1}>
      <thead>
        <tr>
          <th scope="col">{T.tag}</th>
          <th scope="col" class="two">
            {T.digest}
          </th>
          <th scope="col" class="three">
            {T.platforms}
          </th>
          <th scope="col" class="three number">
            {T.size}
          </th>
          <th scope="col" class="pushed">
            {T.pushed}
          </th>
          <th scope="col" class="four">
            {T.lastPull}
          </th>
          <th scope="col" class="five">
            {T.source}
          </th>
          <th scope="col">
            <span class="unseen">{T.pull}</span>
          </th>
        </tr>
      </thead>
      <tbody ref={body}>
        <Space rows={first} />
        {tags.slice(first, last).map((tag, index) => (
          <TagRow key={tag.name} repository={repository} tag={tag} place={first + index + 2} />
        ))}
        <Space rows={tags.length - last} />
      </tbody>
    </table>
  );
}

function Space({ rows }: { readonly rows: number }): JSX.Element | null {
  if (rows <= 0) return null;
  return (
    <tr aria-hidden="true" class="space">
      <td colSpan={8} style={{ height: `${rows * ROW_PIXELS}px` }} />
    </tr>
  );
}

function TagRow({
  repository,
  tag,
  place,
}: {
  readonly repository: string;
  readonly tag: Shown<"ListedTag">;
  readonly place: number;
}): JSX.Element {
  const { name, digest, platforms, size, pushedBy, pushedAt, pulledAt, source } = tag;
  const command = commandFor("docker", { repository, tag: name, digest }, "tag");
  return (
    <tr aria-rowindex={place}>
      <th scope="row">
        <span class="cut">
          <a href={href(tagPlace(repository, name))} title={name} dir="ltr">
            {name}
          </a>
        </span>{" "}
        <MutabilityBadge tag={tag} />
        {tag.hasSignature && <span class="badge good">{T.isSigned}</span>}
      </th>
      <td class="two">
        <Digest digest={digest} />
      </td>
      <td class="three">
        <span class="cut" title={platforms?.join(", ")}>
          {platforms?.map((one) => one.replace(LINUX, "")).join(", ") ?? ""}
        </span>
      </td>
      <td class="three number">{size === null ? T.ofIndex : sizeOf(size)}</td>
      <td>
        <span class="cut">
          <Time at={pushedAt} /> <span class="faint by">{T.by(pushedBy)}</span>
        </span>
      </td>
      <td class="four">
        <Time at={pulledAt} />
      </td>
      <td class="five">
        <span class="cut" title={source?.url}>
          {source?.revision.slice(0, 12) ?? ""}
        </span>
      </td>
      <td class="number">
        <Copy text={command} label={T.copyPull(name)}>
          {T.pull}
        </Copy>
      </td>
    </tr>
  );
}
