import type { JSX } from "preact";
import { answerOf, api } from "../api/ask.js";
import { useFollow } from "../api/follow.js";
import { usePages } from "../api/load.js";
import { Digest } from "../parts/copy.jsx";
import { tellOf } from "../parts/happened.js";
import { Rest } from "../parts/states.jsx";
import { Time } from "../parts/time.jsx";
import { href, repositoryPlace, tagPlace } from "../place.js";
import { Table } from "../parts/table.jsx";
import { T } from "../texts/texts.js";

/** What can be the beginning of a tag, with a part of the repository's name before it. */
const SOUGHT = /^(?:[^:]{0,255}:)?[\w.-]{0,128}$/;

/** Tags whose names begin so, in all repositories that one may see. */
export function FoundTags({
  text,
  team,
}: {
  readonly text: string;
  readonly team: string;
}): JSX.Element {
  if (!SOUGHT.test(text)) return <p class="state">{T.noTagFound}</p>;
  return <Listed text={text} team={team} />;
}

function Listed({ text, team }: { readonly text: string; readonly team: string }): JSX.Element {
  const pages = usePages(`${text} ${team}`, (cursor) =>
    answerOf(
      api.GET("/tags", {
        params: {
          query: {
            ...{ q: text, limit: 50 },
            ...(team === "" ? {} : { team }),
            ...(cursor === undefined ? {} : { cursor }),
          },
        },
      }),
    ),
  );
  useFollow({}, (event) => {
    tellOf(event);
    pages.again();
  });
  return (
    <>
      {pages.items.length > 0 && (
        <Table label={T.tags} columns={[T.tag, T.repository, T.digest, T.pushed]}>
          {pages.items.map(({ repository, name, digest, pushedBy, pushedAt }) => (
            <tr key={`${repository}:${name}`}>
              <th scope="row" class="broken">
                <a href={href(tagPlace(repository, name))} dir="ltr">
                  {name}
                </a>
              </th>
              <td class="broken">
                <a href={href(repositoryPlace(repository))} dir="ltr">
                  {repository}
                </a>
              </td>
              <td>
                <Digest digest={digest} />
              </td>
              <td>
                <span class="cut">
                  <Time at={pushedAt} /> <span class="faint">{T.by(pushedBy)}</span>
                </span>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <Rest pages={pages}>{T.noTagFound}</Rest>
    </>
  );
}
