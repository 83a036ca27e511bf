import type { JSX } from "preact";
import type { Shown } from "../api/ask.js";
import { Confirm } from "../parts/confirm.jsx";
import { figure } from "../parts/figures.js";
import { Empty } from "../parts/states.jsx";
import { Table } from "../parts/table.jsx";
import { Time } from "../parts/time.jsx";
import { T } from "../texts/texts.js";

/** Events that were given up, each with its error: delivered again, or discarded. */
export function DeadEvents({
  items,
  change,
}: {
  readonly items: readonly Shown<"DeadEvent">[];
  readonly change: (change: Shown<"OutboxChange">) => () => Promise<void>;
}): JSX.Element {
  if (items.length === 0) return <Empty>{T.nothingHere}</Empty>;
  return (
    <>
      <Table
        label={T.dead}
        columns={[T.sink, T.what, T.when, `#${T.attempts}`, T.lastError, T.action]}
      >
        {items.map(({ event, sink, action, repository, tag, givenUpAt, attempts, lastError }) => {
          const what = tag === null ? repository : `${repository}:${tag}`;
          return (
            <tr key={event + sink}>
              <th scope="row">{sink}</th>
              <td class="broken">
                {T.did(action)} <span dir="ltr">{what}</span>
              </td>
              <td>
                <Time at={givenUpAt} />
              </td>
              <td class="number">{figure(attempts)}</td>
              <td class="broken">{lastError}</td>
              <td>
                <p class="buttons">
                  <Confirm
                    label={T.replay}
                    title={`${T.replay}: ${what}`}
                    act={change({ change: "replay", event, sink })}
                  />
                  <Confirm
                    label={T.discard}
                    title={`${T.discard}: ${what}`}
                    name={repository}
                    act={change({ change: "discard-dead", event, sink })}
                  >
                    <p>{T.discardAsk}</p>
                  </Confirm>
                </p>
              </td>
            </tr>
          );
        })}
      </Table>
      <p class="buttons">
        <Confirm label={T.replayAll} title={T.replayAll} act={change({ change: "replay-dead" })} />
      </p>
    </>
  );
}
