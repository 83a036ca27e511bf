import type { JSX } from "preact";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useLoad } from "../api/load.js";
import { Confirm } from "../parts/confirm.jsx";
import type { Fields } from "../parts/fields.js";
import { Choice, Field, Form } from "../parts/form.jsx";
import { Asked, Empty } from "../parts/states.jsx";
import { Table } from "../parts/table.jsx";
import { useMe } from "../session.jsx";
import { T } from "../texts/texts.js";
import { Services } from "./services.jsx";

const PRIVILEGES = ["Manager", "Pusher", "Puller"] as const;
type Content = Shown<"Directory">;
type Change = Shown<"DirectoryChanges">["changes"][number];

/** Users, applications, services and privileges, as far as they are one's own. */
export function Directory(): JSX.Element {
  const me = useMe();
  const [directory, again] = useLoad(`directory ${me?.uid ?? ""}`, () =>
    answerOf(api.GET("/directory")),
  );
  const change = async (one: Change) => {
    await answerOf(api.POST("/directory/changes", { body: { changes: [one] } }));
    again();
  };
  return (
    <>
      <h1 tabIndex={-1}>{T.directory}</h1>
      <p>{T.directoryIntro}</p>
      <Asked loaded={directory} again={again}>
        {(content) => {
          const mayChange = me?.isAdministrator === true && !content.isFromFile;
          const changing = mayChange ? change : null;
          return (
            <>
              {content.isFromFile && <p class="faint">{T.fromFile}</p>}
              <Apps apps={content.apps} change={changing} />
              <Services content={content} again={again} />
              <Privileges privileges={content.privileges} change={changing} />
              <Users users={content.users} />
            </>
          );
        }}
      </Asked>
    </>
  );
}

interface Changing {
  /** `null`: one may not. */
  readonly change: ((one: Change) => Promise<void>) | null;
}

function Apps({ apps, change }: Changing & { readonly apps: Content["apps"] }): JSX.Element {
  const set = (code: string) => (fields: Fields) =>
    change?.({
      change: "app.set",
      code: code === "" ? fields.text("code") : code,
      ...{ responsibles: fields.list("responsibles"), publications: fields.list("publications") },
    }) ?? Promise.resolve();
  return (
    <section>
      <h2>{T.apps}</h2>
      {apps.length === 0 ? (
        <Empty>{T.noApps}</Empty>
      ) : (
        <Table
          label={T.apps}
          columns={[T.code, T.id, T.responsible, T.publishedTo, ...(change ? [T.action] : [])]}
        >
          {apps.map(({ id, code, responsibles, publications }) => (
            <tr key={id}>
              <th scope="row">{code}</th>
              <td>{id}</td>
              <td class="broken">{responsibles.join(", ")}</td>
              <td class="broken">{publications.join(", ")}</td>
              {change !== null && (
                <td>
                  <p class="buttons">
                    <Confirm label={T.edit} title={`${T.edit}: ${code}`} act={set(code)}>
                      <TeamsOfApp responsibles={responsibles} publications={publications} />
                    </Confirm>
                    <Confirm
                      label={T.remove}
                      title={`${T.remove}: ${code}`}
                      name={code}
                      act={() => change({ change: "app.removed", code })}
                    >
                      <p>{T.removeAppAsk}</p>
                    </Confirm>
                  </p>
                </td>
              )}
            </tr>
          ))}
        </Table>
      )}
      {change !== null && (
        <Form title={T.newApp} label={T.create} act={set("")}>
          <Field name="code" label={T.code} isWanted />
          <TeamsOfApp responsibles={[]} publications={[]} />
        </Form>
      )}
    </section>
  );
}

function TeamsOfApp({
  responsibles,
  publications,
}: Pick<Content["apps"][number], "responsibles" | "publications">): JSX.Element {
  return (
    <>
      <Field name="responsibles" label={T.responsibles} value={responsibles.join(", ")} />
      <Field name="publications" label={T.publishedTo} value={publications.join(", ")} />
    </>
  );
}

function Privileges({
  privileges,
  change,
}: Changing & { readonly privileges: Content["privileges"] }): JSX.Element {
  const give = async (fields: Fields) => {
    const privilege = PRIVILEGES.find((one) => one === fields.text("privilege")) ?? "Puller";
    await change?.({ change: "privilege.given", privilege, holder: fields.text("holder") });
  };
  return (
    <section>
      <h2>{T.privileges}</h2>
      {privileges.length === 0 ? (
        <Empty>{T.noPrivileges}</Empty>
      ) : (
        <Table
          label={T.privileges}
          columns={[T.privilege, T.holder, ...(change ? [T.action] : [])]}
        >
          {privileges.map(({ privilege, holder }) => (
            <tr key={`${privilege} ${holder}`}>
              <th scope="row">{privilege}</th>
              <td class="broken">{holder}</td>
              {change !== null && (
                <td>
                  <Confirm
                    label={T.take}
                    title={`${T.take}: ${privilege}, ${holder}`}
                    name={holder}
                    act={() => change({ change: "privilege.taken", privilege, holder })}
                  />
                </td>
              )}
            </tr>
          ))}
        </Table>
      )}
      {change !== null && (
        <Form title={T.give} label={T.give} act={give}>
          <Choice name="privilege" label={T.privilege} of={PRIVILEGES} />
          <Field name="holder" label={T.holderHint} isWanted />
        </Form>
      )}
    </section>
  );
}

function Users({ users }: { readonly users: Content["users"] }): JSX.Element | null {
  if (users.length === 0) return null;
  return (
    <section>
      <h2>{T.users}</h2>
      <Table label={T.users} columns={[T.user, T.id, T.primaryTeam]}>
        {users.map(({ id, realm, uid, primaryTeam }) => (
          <tr key={id}>
            <th scope="row" class="broken">
              {realm}/{uid}
            </th>
            <td>{id}</td>
            <td>{primaryTeam}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
