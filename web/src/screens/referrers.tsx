import type { JSX } from "preact";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useLoad, usePages } from "../api/load.js";
import { Rows } from "../parts/configuration.jsx";
import { Digest } from "../parts/copy.jsx";
import { sizeOf } from "../parts/figures.js";
import { Asked, Empty, Rest } from "../parts/states.jsx";
import { href, tagPlace, usePlace } from "../place.js";
import { Table } from "../parts/table.jsx";
import { T } from "../texts/texts.js";
import { PlatformSwitch, useInspected } from "./image.jsx";

type Tree = Shown<"Referrer">;
type Node = Omit<Tree, "referrers">;

/** What refers to an image, and to that: signatures, SBOMs, attestations. */
export function Referrers({
  repository,
  digest,
}: {
  readonly repository: string;
  readonly digest: string;
}): JSX.Element {
  const { query } = usePlace();
  const chosen = query.get("image") ?? "";
  const [whole] = useInspected(repository, digest);
  const of = chosen === "" ? digest : chosen;
  const [tree, again] = useLoad(`${repository}@${of}`, () =>
    answerOf(
      api.GET("/repositories/{repository}/referrer-tree", {
        params: { path: { repository }, query: { of } },
      }),
    ),
  );
  return (
    <>
      {whole.state === "there" && (
        <PlatformSwitch manifests={whole.value.manifests} chosen={chosen} whole={T.indexItself} />
      )}
      <Asked loaded={tree} again={again}>
        {({ referrers, isWhole }) => (
          <>
            {referrers.length === 0 && <Empty>{T.noReferrers}</Empty>}
            <Nodes nodes={referrers} />
            {!isWhole && <p class="state">{T.referrersCut}</p>}
          </>
        )}
      </Asked>
    </>
  );
}

function Nodes({ nodes }: { readonly nodes: readonly Tree[] }): JSX.Element | null {
  if (nodes.length === 0) return null;
  return (
    <ul class="tree">
      {nodes.map((node) => (
        <li key={node.digest}>
          <What node={node} /> <Digest digest={node.digest} />
          {node.size !== null && <span class="faint"> {sizeOf(node.size)}</span>}
          <Annotations node={node} />
          <Nodes nodes={node.referrers} />
        </li>
      ))}
    </ul>
  );
}

function What({ node }: { readonly node: Node }): JSX.Element {
  const { kind, artifactType, mediaType, tag } = node;
  return (
    <>
      <span class={kind === "signature" ? "badge good" : "badge"}>{T.referrerKind(kind)}</span>{" "}
      <span class="broken" dir="ltr">
        {artifactType ?? mediaType}
      </span>
      {tag !== null && (
        <span class="faint small" title={tag}>
          {" "}
          {T.keptUnderTag}
        </span>
      )}
    </>
  );
}

function Annotations({ node }: { readonly node: Node }): JSX.Element | null {
  const texts = Object.entries(node.annotations);
  if (texts.length === 0) return null;
  return (
    <details>
      <summary>{T.annotations}</summary>
      <Rows label={T.annotations} rows={texts} />
    </details>
  );
}

/** What refers to what in a repository. */
export function ReferrersOf({ repository }: { readonly repository: string }): JSX.Element {
  const pages = usePages(repository, (cursor) =>
    answerOf(
      api.GET("/repositories/{repository}/referrers", {
        params: {
          path: { repository },
          query: { limit: 100, ...(cursor === undefined ? {} : { cursor }) },
        },
      }),
    ),
  );
  return (
    <>
      <p>{T.referrersIntro}</p>
      {pages.items.length > 0 && (
        <Table label={T.referrers} columns={[T.what, T.digest, `#${T.size}`, T.refersTo]}>
          {pages.items.map((one) => (
            <tr key={one.subject + one.digest}>
              <td class="broken">
                <What node={one} />
              </td>
              <td>
                <Digest digest={one.digest} />
              </td>
              <td class="number">{one.size === null ? "" : sizeOf(one.size)}</td>
              <th scope="row">
                <Subject repository={repository} referring={one} />
              </th>
            </tr>
          ))}
        </Table>
      )}
      <Rest pages={pages}>{T.noReferrersHere}</Rest>
    </>
  );
}

function Subject({
  repository,
  referring: { subject, subjectTags },
}: {
  readonly repository: string;
  readonly referring: Shown<"Referring">;
}): JSX.Element {
  return (
    <>
      {subjectTags.map((tag) => (
        <span key={tag}>
          <a href={href(`${tagPlace(repository, tag)}?part=referrers`)} class="broken" dir="ltr">
            {tag}
          </a>{" "}
        </span>
      ))}
      <Digest digest={subject} />
    </>
  );
}
