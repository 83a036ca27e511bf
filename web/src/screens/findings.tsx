import type { JSX } from "preact";
import { answerOf, api, type Shown } from "../api/ask.js";
import { usePages } from "../api/load.js";
import { Digest } from "../parts/copy.jsx";
import { Rest } from "../parts/states.jsx";
import { Time } from "../parts/time.jsx";
import { href, repositoryPlace, tagPlace } from "../place.js";
import { T } from "../texts/texts.js";

/** Where ledger and registry differ, in what, and what to do about it. */
export function Findings(): JSX.Element {
  const pages = usePages("findings", (cursor) =>
    answerOf(
      api.GET("/discovery/findings", {
        params: { query: { limit: 50, ...(cursor === undefined ? {} : { cursor }) } },
      }),
    ),
  );
  return (
    <section>
      <h2>{T.findings}</h2>
      <ul class="history">
        {pages.items.map((finding, index) => (
          <Finding key={index} finding={finding} />
        ))}
      </ul>
      <Rest pages={pages}>{T.noFindings}</Rest>
    </section>
  );
}

function Finding({ finding }: { readonly finding: Shown<"Finding"> }): JSX.Element {
  const { kind, repository, tag, digest, found, part, since } = finding;
  const target = tag === null ? repositoryPlace(repository) : tagPlace(repository, tag);
  return (
    <li class={kind === "adopted" || kind === "absent" ? "" : "refusal"}>
      <p>
        <span class="badge">{kind}</span>{" "}
        <a href={href(target)} dir="ltr">
          {tag === null ? repository : `${repository}:${tag}`}
        </a>{" "}
        {since !== null && <Time at={since} />}
      </p>
      <p class="small">
        {T.inLedger}: <Digest digest={digest} />
        {found !== null && (
          <>
            {" "}
            · {T.atRegistry}: <Digest digest={found} />
          </>
        )}
        {part !== null && (
          <>
            {" "}
            · {T.lacks}: <Digest digest={part} />
          </>
        )}
      </p>
      <p class="small">
        {T.todo}: {T.todoOf(kind)}
      </p>
    </li>
  );
}
