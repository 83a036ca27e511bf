import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { pageHeader, Refusal } from "../api/ask.js";
import { refusalOf } from "../api/load.js";
import { Digest } from "../parts/copy.jsx";
import { figure, sizeOf } from "../parts/figures.js";
import { Loading, Refused } from "../parts/states.jsx";
import { T } from "../texts/texts.js";

const MOST_SHOWN = 2_000;

interface Layer {
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
}

interface Entry {
  readonly layer: number;
  readonly path: string;
  readonly kind: string;
  readonly size: number | null;
}

interface Listed {
  readonly platform: string | null;
  readonly layers: readonly Layer[];
  readonly entries: readonly Entry[];
  /** Why it is not complete; `null`: it is. */
  readonly lacks: string | null;
}

/** Layers of an image and the files in them, which are unpacked for whoever asks. */
export function Contents({
  path,
}: {
  readonly path: { readonly repository: string; readonly tag: string };
}): JSX.Element {
  const [listed, setListed] = useState<Listed | "asking" | Refusal | null>(null);
  if (listed === null)
    return (
      <p>
        <button
          type="button"
          class="primary"
          onClick={() => {
            setListed("asking");
            list(path).then(setListed, (error: unknown) => {
              setListed(refusalOf(error));
            });
          }}
        >
          {T.showContents}
        </button>
      </p>
    );
  if (listed === "asking") return <Loading />;
  if (listed instanceof Refusal) return <Refused refusal={listed} />;
  return <Shown listed={listed} />;
}

function Shown({ listed }: { readonly listed: Listed }): JSX.Element {
  const { layers, entries, lacks, platform } = listed;
  return (
    <>
      <h2>
        {T.layers} {platform !== null && <span class="badge">{platform}</span>}
      </h2>
      <ol class="layers">
        {layers.map((layer, index) => (
          <li key={index}>
            {T.layer(index + 1)} · {sizeOf(layer.size)} · <Digest digest={layer.digest} />
          </li>
        ))}
      </ol>
      {lacks !== null && <p class="state refused">{T.contentsIncomplete(lacks)}</p>}
      <div class="scrolled tall" tabIndex={0} role="region" aria-label={T.contents}>
        <table>
          <thead>
            <tr>
              <th scope="col">{T.path}</th>
              <th scope="col" class="number">
                {T.size}
              </th>
              <th scope="col" class="number">
                {T.layers}
              </th>
            </tr>
          </thead>
          <tbody>
            {entries.slice(0, MOST_SHOWN).map((entry, index) => (
              <tr key={index}>
                <th scope="row" class="broken" dir="ltr">
                  {entry.path}
                </th>
                <td class="number">
                  {entry.size === null || entry.kind !== "file" ? entry.kind : sizeOf(entry.size)}
                </td>
                <td class="number">{figure(entry.layer)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {entries.length > MOST_SHOWN && <p class="faint">{T.contentsCut}</p>}
    </>
  );
}

/** A line of JSON for each entry: the first says the layers, the last how it ended. */
async function list({ repository, tag }: { repository: string; tag: string }): Promise<Listed> {
  const target = `/api/v1/repositories/${repository}/-/tags/${encodeURIComponent(tag)}/contents?view=merged`;
  const answer = await fetch(target, { headers: pageHeader() });
  if (!answer.ok) throw new Refusal(answer.status, (await answer.json()) as { detail?: unknown });
  const lines = (await answer.text()).split("\n").filter((line) => line !== "");
  const [head, ...rest] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const { end, reason } = rest.at(-1) ?? {};
  const { platform = null, layers = [] } = head as { platform?: string | null; layers?: Layer[] };
  const isWhole = end === "complete";
  return {
    ...{ platform, layers },
    entries: rest.filter((one) => !("end" in one)) as unknown as Entry[],
    lacks: isWhole ? null : typeof reason === "string" ? reason : T.failed,
  };
}
