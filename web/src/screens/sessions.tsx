import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useLoad } from "../api/load.js";
import { Confirm } from "../parts/confirm.jsx";
import { fieldsOf } from "../parts/fields.js";
import { Asked, Empty } from "../parts/states.jsx";
import { Time } from "../parts/time.jsx";
import { useMe } from "../session.jsx";
import { Table } from "../parts/table.jsx";
import { T } from "../texts/texts.js";

/** A person whose sessions are looked at; `null`: oneself. */
type Person = { readonly realm: string; readonly uid: string } | null;

/** Where one is logged in on this page; administrators see where others are. */
export function Sessions(): JSX.Element {
  const me = useMe();
  return (
    <>
      <h2>{T.sessions}</h2>
      <p>{T.sessionsIntro}</p>
      <SessionsOf person={null} label={T.sessions} />
      {me?.isAdministrator === true && <Others />}
    </>
  );
}

function Others(): JSX.Element {
  const [person, setPerson] = useState<Person>(null);
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    const { text } = fieldsOf(event);
    setPerson({ realm: text("realm"), uid: text("uid") });
  };
  return (
    <details>
      <summary>{T.othersSessions}</summary>
      <form onSubmit={submit} class="filters">
        <label>
          {T.realm}
          <input name="realm" required maxLength={255} placeholder="/employees" />
        </label>
        <label>
          {T.uid}
          <input name="uid" required maxLength={255} autocapitalize="none" autocomplete="off" />
        </label>
        <button type="submit">{T.ask}</button>
      </form>
      {person !== null && (
        <SessionsOf
          key={`${person.realm}/${person.uid}`}
          person={person}
          label={T.sessionsOf(`${person.realm}/${person.uid}`)}
        />
      )}
    </details>
  );
}

function SessionsOf({
  person,
  label,
}: {
  readonly person: Person;
  readonly label: string;
}): JSX.Element {
  const query = person ?? {};
  const [loaded, again] = useLoad(label, () =>
    answerOf(api.GET("/sessions", { params: { query } })),
  );
  const end = (id: string) => async () => {
    await answerOf(api.DELETE("/sessions/{id}", { params: { path: { id } } }));
    again();
  };
  const endOthers = async () => {
    await answerOf(api.DELETE("/sessions", { params: { query } }));
    again();
  };
  const endAll = person === null ? T.endOthers : T.endAll;
  return (
    <Asked loaded={loaded} again={again}>
      {({ sessions }) =>
        sessions.length === 0 ? (
          <Empty>{T.noSessions}</Empty>
        ) : (
          <>
            <SessionTable label={label} sessions={sessions} end={end} />
            {sessions.some(({ isThisOne }) => !isThisOne) && (
              <p class="buttons">
                <Confirm label={endAll} title={endAll} act={endOthers} />
              </p>
            )}
          </>
        )
      }
    </Asked>
  );
}

function SessionTable({
  label,
  sessions,
  end,
}: {
  readonly label: string;
  readonly sessions: readonly Shown<"PageSession">[];
  readonly end: (id: string) => () => Promise<void>;
}): JSX.Element {
  return (
    <Table
      label={label}
      columns={[T.browser, T.sessionBegun, T.lastThere, T.endsLatest, T.from]}
      unseen={T.end}
    >
      {sessions.map(({ id, userAgent, begunAt, usedAt, endsAt, address, isThisOne }) => (
        <tr key={id}>
          <th scope="row" dir="auto" title={userAgent}>
            {browserOf(userAgent)} {isThisOne && <span class="badge">{T.thisSession}</span>}
          </th>
          <td>
            <Time at={begunAt} />
          </td>
          <td>
            <Time at={usedAt} />
          </td>
          <td>
            <Time at={endsAt} />
          </td>
          <td>{address}</td>
          <td class="number">
            {!isThisOne && (
              <Confirm label={T.end} title={T.endSession(browserOf(userAgent))} act={end(id)} />
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** What browsers call themselves is long; the name that tells them apart comes late, and what all say comes last. */
function browserOf(userAgent: string): string {
  const names = [...userAgent.matchAll(/(Edg|OPR|Firefox|Chrome|HeadlessChrome|Version)\/(\d+)/g)];
  const [, name, version] =
    names.find(([, one]) => one === "Edg" || one === "OPR") ?? names[0] ?? [];
  if (name === undefined) return userAgent.slice(0, 60) || "?";
  const known: Readonly<Record<string, string>> = { Edg: "Edge", OPR: "Opera", Version: "Safari" };
  return `${known[name] ?? name} ${version ?? ""}`;
}
