import type { JSX } from "preact";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useLoad } from "../api/load.js";
import { Confirm } from "../parts/confirm.jsx";
import { figure } from "../parts/figures.js";
import { Asked, Empty } from "../parts/states.jsx";
import { Table } from "../parts/table.jsx";
import { Time } from "../parts/time.jsx";
import { T } from "../texts/texts.js";
import { DeadEvents } from "./dead-events.jsx";

type Outbox = Shown<"Outbox">;
type Change = (change: Shown<"OutboxChange">) => () => Promise<void>;

/** What waits to be announced, what was given up, and what can be done about one event. */
export function OutboxState(): JSX.Element {
  const [outbox, readAgain] = useLoad("outbox", () => answerOf(api.GET("/outbox")));
  const [dead, readDeadAgain] = useLoad("dead", () => answerOf(api.GET("/outbox/dead")));
  const change: Change = (body) => async () => {
    await answerOf(api.POST("/outbox", { body }));
    readAgain();
    readDeadAgain();
  };
  return (
    <>
      <section>
        <h2>{T.outbox}</h2>
        <Asked loaded={outbox} again={readAgain}>
          {(state) => <Waiting state={state} change={change} />}
        </Asked>
      </section>
      <section>
        <h2>{T.dead}</h2>
        <Asked loaded={dead} again={readDeadAgain}>
          {({ items }) => <DeadEvents items={items} change={change} />}
        </Asked>
      </section>
    </>
  );
}

function Waiting({
  state,
  change,
}: {
  readonly state: Outbox;
  readonly change: Change;
}): JSX.Element {
  const { backlogs, queues, stops, aside } = state;
  if (backlogs.length + queues.length + stops.length + aside.length === 0)
    return <Empty>{T.nothingWaits}</Empty>;
  return (
    <>
      <Sinks state={state} change={change} />
      {queues.length > 0 && <Queues queues={queues} stops={stops} change={change} />}
      {aside.length > 0 && <Aside aside={aside} stops={stops} change={change} />}
      <p class="buttons">
        <Confirm label={T.retry} title={T.retry} act={change({ change: "retry" })} />
      </p>
    </>
  );
}

function Sinks({
  state: { backlogs, stops },
  change,
}: {
  readonly state: Outbox;
  readonly change: Change;
}): JSX.Element {
  const names = [...new Set([...backlogs, ...stops].map(({ sink }) => sink))];
  const columns = [T.sink, `#${T.waiting}`, `#${T.oldest}`, `#${T.dead}`, T.lastError];
  return (
    <Table label={T.outbox} columns={columns}>
      {names.map((sink) => {
        const backlog = backlogs.find((one) => one.sink === sink);
        const stop = stops.find((one) => one.sink === sink);
        const oldest = backlog?.oldestSeconds ?? null;
        return (
          <tr key={sink}>
            <th scope="row">
              {sink} {stop !== undefined && <span class="badge bad">{T.stopped}</span>}
            </th>
            <td class="number">{figure(backlog?.waiting ?? 0)}</td>
            <td class="number">{oldest === null ? "" : T.seconds(figure(Math.round(oldest)))}</td>
            <td class="number">{figure(backlog?.dead ?? 0)}</td>
            <td class="broken">
              {stop !== undefined && (
                <>
                  {stop.reason}{" "}
                  <Confirm
                    label={T.startSink}
                    title={`${T.startSink}: ${sink}`}
                    act={change({ change: "start", sink })}
                  />
                </>
              )}
            </td>
          </tr>
        );
      })}
    </Table>
  );
}

function Queues({
  queues,
  stops,
  change,
}: {
  readonly queues: Outbox["queues"];
  readonly stops: Outbox["stops"];
  readonly change: Change;
}): JSX.Element {
  const columns = [T.sink, T.repository, `#${T.waiting}`, `#${T.attempts}`];
  return (
    <>
      <h3>{T.queues}</h3>
      <Table label={T.queues} columns={[...columns, T.nextAttempt, T.lastError, T.action]}>
        {queues.map((queue) => {
          const { sink, repository, waiting } = queue;
          return (
            <tr key={`${sink} ${repository}`}>
              <th scope="row">{sink}</th>
              <td class="broken">{repository}</td>
              <td class="number">{figure(waiting)}</td>
              <Tries
                of={queue}
                stops={stops}
                giveUp={change({ change: "skip", sink, repository })}
              />
            </tr>
          );
        })}
      </Table>
    </>
  );
}

function Aside({
  aside,
  stops,
  change,
}: {
  readonly aside: Outbox["aside"];
  readonly stops: Outbox["stops"];
  readonly change: Change;
}): JSX.Element {
  return (
    <>
      <h3>{T.aside}</h3>
      <Table
        label={T.aside}
        columns={[T.sink, T.repository, `#${T.attempts}`, T.nextAttempt, T.lastError, T.action]}
      >
        {aside.map((one) => {
          const { event, sink, repository, tag } = one;
          return (
            <tr key={event + sink}>
              <th scope="row">{sink}</th>
              <td class="broken">{tag === null ? repository : `${repository}:${tag}`}</td>
              <Tries of={one} stops={stops} giveUp={change({ change: "give-up", event, sink })} />
            </tr>
          );
        })}
      </Table>
    </>
  );
}

/** Cells of a row: how often it was tried, when it is tried again, why it failed, and a way to give it up. */
function Tries({
  of: { sink, repository, attempts, dueAt, lastError },
  stops,
  giveUp,
}: {
  readonly of: Omit<Outbox["queues"][number], "waiting" | "oldest" | "claimed">;
  readonly stops: Outbox["stops"];
  readonly giveUp: () => Promise<void>;
}): JSX.Element {
  return (
    <>
      <td class="number">{figure(attempts)}</td>
      <td>{stops.some((one) => one.sink === sink) ? T.stopped : <Time at={dueAt} />}</td>
      <td class="broken">{lastError}</td>
      <td>
        <Confirm
          label={T.giveUp}
          title={`${T.giveUp}: ${sink}, ${repository}`}
          name={repository}
          act={giveUp}
        >
          <p>{T.giveUpAsk}</p>
        </Confirm>
      </td>
    </>
  );
}
