import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useLoad } from "../api/load.js";
import { Confirm } from "../parts/confirm.jsx";
import { figure } from "../parts/figures.js";
import { Asked } from "../parts/states.jsx";
import { Table } from "../parts/table.jsx";
import { Time } from "../parts/time.jsx";
import { T } from "../texts/texts.js";
import { Findings } from "./findings.jsx";
import { InstallationState } from "./installation.jsx";
import { OutboxState } from "./outbox.jsx";

/** The state of the installation, for administrators. */
export function Operations(): JSX.Element {
  return (
    <>
      <h1 tabIndex={-1}>{T.operations}</h1>
      <p>{T.operationsIntro}</p>
      <Mode />
      <InstallationState />
      <Findings />
      <OutboxState />
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
            {state.mode === "read-only" && state.open.length > 0 && (
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
    <Table
      label={T.gateways}
      columns={[T.gateways, `#${T.underWay}`, T.followsMode, `#${T.silent}`]}
    >
      {gateways.map(({ name, writes, follows, silentSeconds }) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td class="number">{figure(writes)}</td>
          <td>{follows ? T.yes : T.no}</td>
          <td class="number">{T.secondsAgo(figure(silentSeconds))}</td>
        </tr>
      ))}
    </Table>
  );
}
