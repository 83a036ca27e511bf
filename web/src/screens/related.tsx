import type { JSX } from "preact";
import { answerOf, api } from "../api/ask.js";
import { useLoad, usePages, type Page } from "../api/load.js";
import { shortDigest } from "../parts/figures.js";
import { Empty, Rest } from "../parts/states.jsx";
import { href, repositoryPlace, tagPlace } from "../place.js";
import { T } from "../texts/texts.js";

/** An image, as a tag means it. */
interface ImageNames {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/** What an image is built on, what is built on it, and what else means the same. */
export function Related({ repository, tag, digest }: ImageNames): JSX.Element {
  const asked = (cursor: string | undefined) => ({
    params: {
      path: { repository },
      query: { of: tag, limit: 50, ...(cursor === undefined ? {} : { cursor }) },
    },
  });
  return (
    <>
      <Images
        title={T.builtOn}
        of={`bases ${repository}:${tag}`}
        load={(cursor) => answerOf(api.GET("/repositories/{repository}/bases", asked(cursor)))}
      />
      <Images
        title={T.buildsOnIt}
        of={`built-on ${repository}:${tag}`}
        load={(cursor) => answerOf(api.GET("/repositories/{repository}/built-on", asked(cursor)))}
      />
      <SameImage repository={repository} tag={tag} digest={digest} />
    </>
  );
}

interface Image {
  readonly repository: string;
  readonly digest: string;
  readonly tags: readonly string[];
}

function Images({
  title,
  of,
  load,
}: {
  readonly title: string;
  readonly of: string;
  readonly load: (cursor: string | undefined) => Promise<Page<Image>>;
}): JSX.Element {
  const pages = usePages(of, load);
  return (
    <section>
      <h2>{title}</h2>
      <ul>
        {pages.items.map(({ repository, digest, tags }) => (
          <li key={repository + digest}>
            <a href={href(repositoryPlace(repository))} dir="ltr">
              {repository}
            </a>{" "}
            {tags.map((tag) => (
              <>
                <a href={href(tagPlace(repository, tag))} dir="ltr">
                  {tag}
                </a>{" "}
              </>
            ))}
            <code class="faint">{shortDigest(digest)}</code>
          </li>
        ))}
      </ul>
      <Rest pages={pages}>{T.noneRelated}</Rest>
    </section>
  );
}

function SameImage({ repository, tag, digest }: ImageNames): JSX.Element | null {
  const [tags] = useLoad(digest, () =>
    answerOf(
      api.GET("/digests/{digest}/tags", { params: { path: { digest }, query: { limit: 100 } } }),
    ),
  );
  if (tags.state !== "there") return null;
  const others = tags.value.items.filter(
    (one) => one.repository !== repository || one.name !== tag,
  );
  return (
    <section>
      <h2>{T.sameImage}</h2>
      {others.length === 0 && <Empty>{T.noneRelated}</Empty>}
      <ul>
        {others.map((one) => (
          <li key={`${one.repository}:${one.name}`}>
            <a href={href(tagPlace(one.repository, one.name))} dir="ltr">
              {one.repository}:{one.name}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
