import type { ComponentChildren, JSX } from "preact";
import { answerOf, api } from "../api/ask.js";
import { useLoad } from "../api/load.js";
import { Digest } from "../parts/copy.jsx";
import { Asked, Empty } from "../parts/states.jsx";
import { goWith, usePlace } from "../place.js";
import { fieldsOf } from "../parts/fields.js";
import { Table } from "../parts/table.jsx";
import { T } from "../texts/texts.js";

/** What differs between two images of a repository. */
export function Compare({ repository }: { readonly repository: string }): JSX.Element {
  const { query } = usePlace();
  const before = query.get("before") ?? "";
  const after = query.get("after") ?? "";
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    const { text } = fieldsOf(event);
    goWith({ before: text("before"), after: text("after") });
  };
  return (
    <>
      <p>{T.compareIntro}</p>
      <form class="filters" onSubmit={submit}>
        <label>
          {T.before}
          <input name="before" key={before} defaultValue={before} required />
        </label>
        <label>
          {T.after}
          <input name="after" key={after} defaultValue={after} required />
        </label>
        <button type="submit" class="primary">
          {T.doCompare}
        </button>
      </form>
      {before !== "" && after !== "" && (
        <Differences repository={repository} before={before} after={after} />
      )}
    </>
  );
}

function Differences({
  repository,
  before,
  after,
}: {
  readonly repository: string;
  readonly before: string;
  readonly after: string;
}): JSX.Element {
  const [diff, again] = useLoad(`${repository} ${before} ${after}`, () =>
    answerOf(
      api.GET("/repositories/{repository}/diff", {
        params: { path: { repository }, query: { before, after } },
      }),
    ),
  );
  return (
    <Asked loaded={diff} again={again}>
      {({ before: one, after: other, differences }) => (
        <>
          <p>
            <Digest digest={one.digest} /> → <Digest digest={other.digest} />
          </p>
          {differences.length === 0 ? (
            <Empty>{one.digest === other.digest ? T.same : T.noDifference}</Empty>
          ) : (
            <Table label={T.compare} columns={[T.what, T.name, T.before, T.after]}>
              {differences.map(({ what, name, before: was, after: is }, index) => (
                <tr key={index}>
                  <td>{what}</td>
                  <th scope="row">{name}</th>
                  <td class="broken removed">{shownOf(was)}</td>
                  <td class="broken added">{shownOf(is)}</td>
                </tr>
              ))}
            </Table>
          )}
        </>
      )}
    </Asked>
  );
}

const DIGEST = /^sha(?:256|384|512):[0-9a-f]{64,128}$/;

function shownOf(text: string | null): ComponentChildren {
  if (text === null) return "–";
  return DIGEST.test(text) ? <Digest digest={text} /> : text;
}
