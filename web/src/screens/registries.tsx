import type { JSX } from "preact";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useLoad } from "../api/load.js";
import { Confirm } from "../parts/confirm.jsx";
import { fieldsOf, type Fields } from "../parts/fields.js";
import { Check, Field, Form } from "../parts/form.jsx";
import { Asked, Empty } from "../parts/states.jsx";
import { Time } from "../parts/time.jsx";
import { goWith, usePlace } from "../place.js";
import { useMe } from "../session.jsx";
import { T } from "../texts/texts.js";
import { FoundEverywhere } from "./found-everywhere.jsx";

/** The registries of this token server: who sees them, who changes them, and what is in all of them. */
export function Registries(): JSX.Element {
  const { query } = usePlace();
  const text = query.get("q") ?? "";
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    goWith({ q: fieldsOf(event).text("q") });
  };
  return (
    <>
      <h1 tabIndex={-1}>{T.registries}</h1>
      <p>{T.registriesIntro}</p>
      <search>
        <form class="filters" onSubmit={submit}>
          <label class="wide">
            {T.searchAllLabel}
            <input type="search" name="q" key={text} defaultValue={text} maxLength={255} required />
          </label>
          <button type="submit" class="primary">
            {T.searchAll}
          </button>
        </form>
      </search>
      {text !== "" && <FoundEverywhere text={text} />}
      <All />
    </>
  );
}

function All(): JSX.Element {
  const me = useMe();
  const [registries, again] = useLoad(`registries ${me?.uid ?? ""}`, () =>
    answerOf(api.GET("/registries")),
  );
  const make = async (fields: Fields) => {
    const body = {
      ...{ service: fields.text("service"), url: urlIn(fields), insecure: false },
      ...{ restricted: fields.isChecked("restricted"), description: fields.text("description") },
    };
    await answerOf(api.POST("/registries", { body }));
    again();
  };
  return (
    <Asked loaded={registries} again={again}>
      {({ items, mayMake }) => (
        <>
          {items.length === 0 && <Empty>{T.nothingHere}</Empty>}
          <ul class="cards">
            {items.map((registry) => (
              <Registry key={registry.service} registry={registry} again={again} />
            ))}
          </ul>
          {mayMake && (
            <Form title={T.newRegistry} label={T.create} act={make}>
              <p class="faint small">{T.newRegistryHint}</p>
              <Field name="service" label={T.name} isWanted />
              <Field name="url" label={T.address} />
              <Field name="description" label={T.description} />
              <Check name="restricted" label={T.restrictedHint} />
            </Form>
          )}
        </>
      )}
    </Asked>
  );
}

function Registry({
  registry,
  again,
}: {
  readonly registry: Shown<"Registry">;
  readonly again: () => void;
}): JSX.Element {
  const { service, url, restricted, warning, publications, responsibles, isOwn } = registry;
  const { description, createdBy, createdAt, mayChange } = registry;
  return (
    <li class="card">
      <h2>
        {service} {isOwn && <span class="badge good">{T.ownRegistry}</span>}
        {restricted && (
          <span class="badge mutable" title={T.restrictedHint}>
            {T.restricted}
          </span>
        )}
      </h2>
      {description !== "" && <p dir="auto">{description}</p>}
      <p class="small">{url ?? <span class="faint">{T.noAddress}</span>}</p>
      {warning !== null && <p class="small warning">{warning}</p>}
      <p class="small">
        <span class="faint">{T.publishedTo}:</span> {teamsIn(publications)}
        <br />
        <span class="faint">{T.responsible}:</span> {teamsIn(responsibles)}
      </p>
      <p class="faint small">
        {T.created} {createdBy !== "" && T.by(createdBy)} · <Time at={createdAt} />
      </p>
      {mayChange && <Changing registry={registry} again={again} />}
    </li>
  );
}

function Changing({
  registry,
  again,
}: {
  readonly registry: Shown<"Registry">;
  readonly again: () => void;
}): JSX.Element {
  const { service, url, description, publications, responsibles, restricted, insecure } = registry;
  const params = { path: { service } };
  const change = async (fields: Fields) => {
    const { list, text, isChecked } = fields;
    const body = {
      ...{ url: urlIn(fields), description: text("description") },
      ...{ insecure: isChecked("insecure"), restricted: isChecked("restricted") },
      ...{ publications: list("publications"), responsibles: list("responsibles") },
    };
    await answerOf(api.PATCH("/registries/{service}", { params, body }));
    again();
  };
  const remove = async () => {
    await answerOf(api.DELETE("/registries/{service}", { params }));
    again();
  };
  return (
    <p class="buttons">
      <Confirm label={T.edit} title={`${T.edit}: ${service}`} act={change}>
        <Field name="publications" label={T.publications} value={publications.join(", ")} />
        <Field
          name="responsibles"
          label={T.responsibles}
          value={responsibles.join(", ")}
          isWanted={!registry.isOwn}
        />
        <Field name="url" label={T.address} value={url ?? ""} />
        <Field name="description" label={T.description} value={description} />
        <Check name="restricted" label={T.restrictedHint} isChecked={restricted} />
        <Check name="insecure" label={T.insecureHint} isChecked={insecure} />
      </Confirm>
      {!registry.isOwn && (
        <Confirm label={T.remove} title={`${T.remove}: ${service}`} name={service} act={remove}>
          <p>{T.removeRegistryAsk}</p>
        </Confirm>
      )}
    </p>
  );
}

function urlIn({ text }: Fields): string | null {
  return text("url") === "" ? null : text("url");
}

function teamsIn(names: readonly string[]): string {
  return names.map((name) => (name === "*" ? T.anyone : name)).join(", ");
}
