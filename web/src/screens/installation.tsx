import type { JSX } from "preact";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useLoad } from "../api/load.js";
import { Command } from "../parts/copy.jsx";
import { figure, sizeOf } from "../parts/figures.js";
import { Asked, Empty } from "../parts/states.jsx";
import { Table } from "../parts/table.jsx";
import { Time } from "../parts/time.jsx";
import { Fact } from "../parts/fact.jsx";
import { T } from "../texts/texts.js";

const DRY_RUN = "npm run collect-garbage -- --dry-run";

/** Of which version what is, whether it works, and how garbage was collected. */
export function InstallationState(): JSX.Element {
  const [installation, again] = useLoad("installation", () => answerOf(api.GET("/installation")));
  return (
    <Asked loaded={installation} again={again}>
      {(state) => (
        <>
          <Health state={state} />
          <Garbage garbage={state.garbage} />
        </>
      )}
    </Asked>
  );
}

function Health({ state }: { readonly state: Shown<"Installation"> }): JSX.Element {
  const { gateway, database, registry, checks, warnings } = state;
  return (
    <section>
      <h2>{T.installation}</h2>
      <dl class="facts">
        <Fact name={T.gateway}>
          Wharfinger {gateway.version}, Node {gateway.node}
        </Fact>
        <Fact name={T.database}>
          PostgreSQL {database.version}, {sizeOf(database.bytes)}
        </Fact>
        <Fact name="distribution">
          {registry.line === null ? T.noAnswer : T.registryLine(registry.line)}
        </Fact>
      </dl>
      <ul class="plain">
        {checks.map(({ name, works, reason }) => (
          <li key={name}>
            <span class={`badge ${works ? "good" : "bad"}`}>{works ? T.works : T.fails}</span>{" "}
            {T.checkOf(name)}
            {reason !== null && `: ${reason}`}
          </li>
        ))}
      </ul>
      {warnings.map((warning) => (
        <p key={warning} class="warning">
          {warning}
        </p>
      ))}
    </section>
  );
}

function Garbage({
  garbage: { unproven, deletedSince, steps },
}: Pick<Shown<"Installation">, "garbage">): JSX.Element {
  return (
    <section>
      <h2>{T.garbage}</h2>
      <p>{T.garbageNext(figure(deletedSince))}</p>
      {unproven && <p class="warning">{T.unproven}</p>}
      <p>{T.garbageIntro}</p>
      <Command text={DRY_RUN} />
      {steps.length === 0 ? (
        <Empty>{T.neverCollected}</Empty>
      ) : (
        <Table label={T.garbage} columns={[T.when, T.what, T.who, T.detail]}>
          {steps.map(({ at, step, of, by, detail }, index) => (
            <tr key={index}>
              <td>
                <Time at={at} />
              </td>
              <th scope="row">
                {of} {T[step]}
              </th>
              <td dir="auto">{by}</td>
              <td class="broken">{inWords(detail)}</td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

function inWords(detail: Readonly<Record<string, unknown>>): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}: ${typeof value === "number" ? figure(value) : String(value)}`)
    .join(", ");
}
