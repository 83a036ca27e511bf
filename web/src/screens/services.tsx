import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { answerOf, api, type Shown } from "../api/ask.js";
import { Confirm } from "../parts/confirm.jsx";
import type { Fields } from "../parts/fields.js";
import { Choice, Field, Form } from "../parts/form.jsx";
import { SecretOnce } from "../parts/secret-once.jsx";
import { Empty } from "../parts/states.jsx";
import { Table } from "../parts/table.jsx";
import { T } from "../texts/texts.js";

type Content = Shown<"Directory">;

/** Logins of services; whoever sees one is responsible for it. */
export function Services({
  content: { services, apps },
  again,
}: {
  readonly content: Content;
  readonly again: () => void;
}): JSX.Element {
  const [secret, setSecret] = useState<string | null>(null);
  const told = (made: { secret: string }) => {
    setSecret(made.secret);
    again();
  };
  const own = apps.filter(({ isOwn }) => isOwn);
  return (
    <section>
      <h2>{T.services}</h2>
      <SecretOnce secret={secret} />
      {services.length === 0 ? (
        <Empty>{T.noServices}</Empty>
      ) : (
        <Table label={T.services} columns={[T.service, T.app, T.loginName, T.action]}>
          {services.map((service) => (
            <Service key={service.name} service={service} told={told} again={again} />
          ))}
        </Table>
      )}
      {own.length > 0 && <NewService codes={own.map(({ code }) => code)} told={told} />}
    </section>
  );
}

function Service({
  service: { name, app, workload },
  told,
  again,
}: {
  readonly service: Content["services"][number];
  readonly told: (made: { secret: string }) => void;
  readonly again: () => void;
}): JSX.Element {
  const rotate = async ({ text }: Fields) => {
    const body = { name, overlapHours: Number(text("overlap")) };
    told(await answerOf(api.POST("/directory/services/rotate", { body })));
  };
  const end = async () => {
    await answerOf(api.POST("/directory/services/delete", { body: { name } }));
    again();
  };
  return (
    <tr>
      <th scope="row" class="broken">
        {name}
      </th>
      <td>{app}</td>
      <td class="broken">{workload ?? `service/${name}`}</td>
      <td>
        <p class="buttons">
          <Confirm label={T.rotate} title={`${T.rotate}: ${name}`} act={rotate}>
            <label>
              {T.overlap}
              <input name="overlap" type="number" min={0} max={168} defaultValue="24" required />
            </label>
          </Confirm>
          <Confirm label={T.end} title={`${T.end}: ${name}`} name={name} act={end}>
            <p>{T.removeServiceAsk}</p>
          </Confirm>
        </p>
      </td>
    </tr>
  );
}

function NewService({
  codes,
  told,
}: {
  readonly codes: readonly string[];
  readonly told: (made: { secret: string }) => void;
}): JSX.Element {
  const make = async ({ text }: Fields) => {
    const workload = text("workload") === "" ? null : text("workload");
    const body = { name: text("name"), app: text("app"), workload };
    told(await answerOf(api.POST("/directory/services", { body })));
  };
  return (
    <Form title={T.newService} label={T.create} act={make}>
      <Field name="name" label={T.name} isWanted />
      <Choice name="app" label={T.app} of={codes} />
      <Field name="workload" label={T.workload} />
    </Form>
  );
}
