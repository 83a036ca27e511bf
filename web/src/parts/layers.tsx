import type { JSX } from "preact";
import type { Shown } from "../api/ask.js";
import { Table } from "./table.jsx";
import { T } from "../texts/texts.js";
import { Digest } from "./copy.jsx";
import { figure, sizeOf } from "./figures.js";

type Found = NonNullable<Shown<"InspectedImage">["image"]>;

interface LayerRow {
  readonly number: number | null;
  readonly command: string;
  readonly comment: string;
  /** `null`: it changed no files, or nobody can tell which layer came of it. */
  readonly layer: Found["layers"][number] | null;
}

/** The layers of an image, and what made each. */
export function Layers({ image }: { readonly image: Found }): JSX.Element {
  return (
    <section>
      <h2>{T.layers}</h2>
      {!isMatched(image) && image.history.length > 0 && <p class="faint">{T.notMatched}</p>}
      <Table label={T.layers} columns={["##", T.madeBy, `#${T.size}`, T.digest]}>
        {rowsOf(image).map(({ number, command, comment, layer }, index) => (
          <tr key={index} class={layer === null ? "faint" : undefined}>
            <td class="number">{number === null ? "" : figure(number)}</td>
            <td class="broken" dir="ltr">
              <code>{command}</code>
              {comment !== "" && <span class="faint small"> {comment}</span>}
            </td>
            <td class="number">{layer === null ? T.changesNothing : sizeOf(layer.size)}</td>
            <td>{layer !== null && <Digest digest={layer.digest} />}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

function isMatched({ history, layers }: Found): boolean {
  return history.length > 0 && (layers.length === 0 || history.some(({ layer }) => layer !== null));
}

/** Steps with their layers, where it can be told which belong together; else layers alone, and steps behind them. */
function rowsOf(image: Found): readonly LayerRow[] {
  const { history, layers } = image;
  const steps = history.map(({ layer, createdBy, comment }) => ({
    ...{ number: layer, command: withoutShell(createdBy), comment },
    layer: layer === null ? null : (layers[layer - 1] ?? null),
  }));
  if (isMatched(image)) return steps;
  const alone = layers.map((layer, index) => ({
    ...{ number: index + 1, command: layer.mediaType, layer },
    comment: layer.annotations["in-toto.io/predicate-type"] ?? "",
  }));
  return [...alone, ...steps];
}

/** What docker and BuildKit put around a line of a Dockerfile. */
function withoutShell(command: string): string {
  return command
    .replace(/^\/bin\/sh -c #\(nop\)\s+/, "")
    .replace(/^(?:RUN )?\/bin\/sh -c /, "RUN ")
    .replace(/\s*# buildkit$/, "");
}
