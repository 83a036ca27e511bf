import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useLoad, usePages } from "../api/load.js";
import { Confirm } from "../parts/confirm.jsx";
import { Digest } from "../parts/copy.jsx";
import { figure } from "../parts/figures.js";
import { Asked, Empty, Rest } from "../parts/states.jsx";
import { Time } from "../parts/time.jsx";
import { href, repositoryPlace, tagPlace } from "../place.js";
import { T } from "../texts/texts.js";

/** The state of the installation, for administrators. */
export function Operations(): JSX.Element {
  return (
    <>
      <h1 tabIndex={-1}>{T.operations}</h1>
      <p>{T.operationsIntro}</p>
      <Mode />
      <Outbox />
      <Dead />
      <Findings />
    </>
  );
}

function Mode(): JSX.Element {
  const [mode, again] = useLoad("mode", () => answerOf(api.GET("/mode")));
  const [reason, setReason] = useState("");
  const change = (to: "normal" | "read-only") => async () => {
    await answerOf(api.PUT("/mode", { body: { mode: to, reason, drainSeconds: 60 } }));
    again();
  };
  return (
    <section>
      <h2>{T.mode}</h2>
      <Asked loaded={mode} again={again}>
        {(state) => (
          <>
            <p>
              <span class={`badge ${state.mode === "normal" ? "good" : "bad"}`}>{state.mode}</span>{" "}
              {state.mode === "normal" ? T.modeNormal : T.modeReadOnly} {state.reason}
              {state.changedAt !== null && (
                <span class="faint">
                  {" "}
                  {T.by(state.changedBy)} · <Time at={state.changedAt} />
                </span>
              )}
            </p>
            {state.open.length > 0 && (
              <ul>
                {state.open.map((one) => (
                  <li key={one}>{one}</li>
                ))}
              </ul>
            )}
            <Gateways gateways={state.gateways} />
            <p class="buttons">
              <Confirm
                label={state.mode === "normal" ? T.toReadOnly : T.toNormal}
                title={state.mode === "normal" ? T.toReadOnly : T.toNormal}
                name={state.mode === "normal" ? "read-only" : null}
                act={change(state.mode === "normal" ? "read-only" : "normal")}
              >
                <label>
                  {T.reason}
                  <input
                    value={reason}
                    required
                    maxLength={200}
                    onInput={({ currentTarget }) => {
                      setReason(currentTarget.value);
                    }}
                  />
                </label>
              </Confirm>
            </p>
          </>
        )}
      </Asked>
    </section>
  );
}

function Gateways({ gateways }: { readonly gateways: Shown<"Mode">["gateways"] }): JSX.Element {
  return (
    <div class="scrolled" tabIndex={0} role="region" aria-label={T.gateways}>
      <table>
        <thead>
          <tr>
            <th scope="col">{T.gateways}</th>
            <th scope="col" class="number">
              {T.underWay}
            </th>
          </tr>
        </thead>
        <tbody>
          {gateways.map(({ name, writes }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="number">{figure(writes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Outbox(): JSX.Element {
  const [outbox, again] = useLoad("outbox", () => answerOf(api.GET("/outbox")));
  const retry = async () => {
    await answerOf(api.POST("/outbox", { body: { change: "retry" } }));
    again();
  };
  return (
    <section>
      <h2>{T.outbox}</h2>
      <Asked loaded={outbox} again={again}>
        {({ backlogs, queues, stops }) =>
          backlogs.length + queues.length + stops.length === 0 ? (
            <Empty>{T.nothingWaits}</Empty>
          ) : (
            <>
              <div class="scrolled" tabIndex={0} role="region" aria-label={T.outbox}>
                <table>
                  <thead>
                    <tr>
                      <th scope="col">{T.sink}</th>
                      <th scope="col" class="number">
                        {T.waiting}
                      </th>
                      <th scope="col" class="number">
                        {T.oldest}
                      </th>
                      <th scope="col">{T.lastError}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {backlogs.map(({ sink, waiting, oldestSeconds }) => (
                      <tr key={sink}>
                        <th scope="row">{sink}</th>
                        <td class="number">{figure(waiting)}</td>
                        <td class="number">
                          {oldestSeconds === null
                            ? ""
                            : T.seconds(figure(Math.round(oldestSeconds)))}
                        </td>
                        <td>
                          {stops.find((one) => one.sink === sink)?.reason ??
                            queues.find((one) => one.sink === sink)?.lastError ??
                            ""}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              <p class="buttons">
                <Confirm label={T.retry} title={T.retry} act={retry} />
              </p>
            </>
          )
        }
      </Asked>
    </section>
  );
}

function Dead(): JSX.Element {
  const [dead, again] = useLoad("dead", () => answerOf(api.GET("/outbox/dead")));
  return (
    <section>
      <h2>{T.dead}</h2>
      <Asked loaded={dead} again={again}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>{T.nothingHere}</Empty>
          ) : (
            <ul>
              {items.map(({ event, sink, repository, tag, givenUpAt, lastError }) => (
                <li key={event + sink}>
                  {sink}: {tag === null ? repository : `${repository}:${tag}`} ·{" "}
                  <Time at={givenUpAt} /> · {lastError}
                </li>
              ))}
            </ul>
          )
        }
      </Asked>
    </section>
  );
}

function Findings(): JSX.Element {
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
      <ul>
        {pages.items.map(({ kind, repository, tag, digest, since }, index) => (
          <li key={index}>
            <span class="badge">{kind}</span>{" "}
            <a
              href={href(tag === null ? repositoryPlace(repository) : tagPlace(repository, tag))}
              dir="ltr"
            >
              {repository}
              {tag !== null && `:${tag}`}
            </a>{" "}
            <Digest digest={digest} /> {since !== null && <Time at={since} />}
          </li>
        ))}
      </ul>
      <Rest pages={pages}>{T.noFindings}</Rest>
    </section>
  );
}
