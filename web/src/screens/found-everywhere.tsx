import type { JSX } from "preact";
import { answerOf, api } from "../api/ask.js";
import { useLoad } from "../api/load.js";
import { figure } from "../parts/figures.js";
import { Asked, Empty } from "../parts/states.jsx";
import { Table } from "../parts/table.jsx";
import { T } from "../texts/texts.js";

const MOST_OF_EACH = 100;

/** What is in all registries that one sees, and which of them did not answer. */
export function FoundEverywhere({ text }: { readonly text: string }): JSX.Element {
  const [found, again] = useLoad(text, () =>
    answerOf(
      api.GET("/registries/search", { params: { query: { q: text, limit: MOST_OF_EACH } } }),
    ),
  );
  return (
    <Asked loaded={found} again={again}>
      {({ items, more, unanswered }) => (
        <>
          {unanswered.map(({ registry, reason }) => (
            <p key={registry} class="state bad" role="alert">
              {T.unanswered(registry, reason)}
            </p>
          ))}
          {items.length === 0 ? (
            <Empty>{T.noneFoundAnywhere}</Empty>
          ) : (
            <Table
              label={T.searchAll}
              columns={[T.repository, T.registries, T.description, `#${T.pulls}`]}
            >
              {items.map(({ registry, name, description, pulls }) => (
                <tr key={`${registry} ${name}`}>
                  <th scope="row" dir="ltr" class="broken">
                    {name}
                  </th>
                  <td>{registry}</td>
                  <td dir="auto" class="broken">
                    {description}
                  </td>
                  <td class="number">{figure(pulls)}</td>
                </tr>
              ))}
            </Table>
          )}
          {more.map((registry) => (
            <p key={registry} class="faint">
              {T.moreThere(registry)}
            </p>
          ))}
        </>
      )}
    </Asked>
  );
}
