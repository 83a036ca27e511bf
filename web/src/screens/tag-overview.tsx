import type { JSX } from "preact";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useLoad } from "../api/load.js";
import { useMay } from "../api/may.js";
import { Command, Digest } from "../parts/copy.jsx";
import { Fact } from "../parts/fact.jsx";
import { commandFor, TOOLS, type Pulled } from "../parts/pull-command.js";
import { Pullers } from "../parts/pullers.jsx";
import { PullsByDay } from "../parts/pulls-by-day.jsx";
import { Asked } from "../parts/states.jsx";
import { Time } from "../parts/time.jsx";
import { goWith, href, repositoryPlace, usePlace, withQuery } from "../place.js";
import { T } from "../texts/texts.js";
import { UsesOfTag } from "./in-use.jsx";

/** What one wants to know of a tag first: how to pull it, where it comes from, who pulls it. */
export function Overview({ tag }: { readonly tag: Shown<"Tag"> }): JSX.Element {
  const { repository, tag: name, digest, pushedBy, pushedAt, origin } = tag;
  const mayPush = useMay("push", repository);
  return (
    <>
      {digest !== null && <PullCommands image={{ repository, tag: name, digest }} />}
      <dl class="facts">
        {digest !== null && (
          <Fact name={T.digest}>
            <Digest digest={digest} />
          </Fact>
        )}
        <Fact name={T.pushed}>
          <Time at={pushedAt} /> {pushedBy !== null && T.by(pushedBy)}
          {origin === "adopted" && ` (${T.adopted})`}
        </Fact>
      </dl>
      <Source repository={repository} tag={name} />
      <CompareWith repository={repository} tag={name} />
      <PullsByDay repository={repository} tag={name} />
      {mayPush && <UsesOfTag repository={repository} tag={name} />}
      {mayPush && <PulledTag repository={repository} tag={name} />}
    </>
  );
}

function PullCommands({ image }: { readonly image: Pulled }): JSX.Element {
  const { query } = usePlace();
  const tool = TOOLS.find((one) => one === query.get("tool")) ?? "docker";
  return (
    <section>
      <div class="filters">
        <h2>{T.pull}</h2>
        <label>
          {T.tool}
          <select
            value={tool}
            onChange={({ currentTarget }) => {
              goWith({ tool: currentTarget.value });
            }}
          >
            {TOOLS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </div>
      <h3>{T.byTag}</h3>
      <Command text={commandFor(tool, image, "tag")} />
      <h3>{T.byDigest}</h3>
      <Command text={commandFor(tool, image, "digest")} />
    </section>
  );
}

function Source({
  repository,
  tag,
}: {
  readonly repository: string;
  readonly tag: string;
}): JSX.Element {
  const [source, again] = useLoad(`${repository}:${tag}`, () =>
    answerOf(
      api.GET("/repositories/{repository}/tags/{tag}/scm-source", {
        params: { path: { repository, tag } },
      }),
    ),
  );
  return (
    <section>
      <h2>{T.source}</h2>
      {source.state === "refused" && source.refusal.status === 404 ? (
        <p class="faint">{T.noSource}</p>
      ) : (
        <Asked loaded={source} again={again}>
          {({ url, revision, author, status }) => (
            <dl class="facts">
              <Fact name={T.source}>
                <span class="broken">
                  {/^https?:\/\//.test(url) ? (
                    <a href={url} target="_blank" rel="noopener noreferrer nofollow">
                      {url}
                    </a>
                  ) : (
                    url
                  )}
                </span>
              </Fact>
              <Fact name={T.revision}>
                <span class="broken">
                  {revision} {status !== "" && <span class="badge">{status}</span>}
                </span>
              </Fact>
              <Fact name={T.author}>
                <span dir="auto">{author}</span>
              </Fact>
            </dl>
          )}
        </Asked>
      )}
    </section>
  );
}

function CompareWith({
  repository,
  tag,
}: {
  readonly repository: string;
  readonly tag: string;
}): JSX.Element {
  const place = withQuery(repositoryPlace(repository, "compare"), { after: tag });
  return (
    <p>
      <a class="button" href={href(place)}>
        {T.compare}
      </a>
    </p>
  );
}

function PulledTag({
  repository,
  tag,
}: {
  readonly repository: string;
  readonly tag: string;
}): JSX.Element {
  const [pulls, again] = useLoad(`${repository}:${tag}`, () =>
    answerOf(
      api.GET("/repositories/{repository}/pulls", {
        params: { path: { repository }, query: { tag, limit: 100 } },
      }),
    ),
  );
  return (
    <section>
      <h2>{T.whoPulled}</h2>
      <Asked loaded={pulls} again={again}>
        {({ pulledBy }) => <Pullers pulls={pulledBy} />}
      </Asked>
    </section>
  );
}
