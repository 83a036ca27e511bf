import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { answerOf, api, pageHeader, Refusal, type Shown } from "../api/ask.js";
import { refusalOf, usePages } from "../api/load.js";
import { Refused, Rest } from "../parts/states.jsx";
import { Time } from "../parts/time.jsx";
import { goWith, usePlace } from "../place.js";
import { fieldsOf } from "../parts/fields.js";
import { Table } from "../parts/table.jsx";
import { T } from "../texts/texts.js";

const FILTERS = ["repository", "action", "actor", "tag", "since", "until"] as const;

/** Everything on record, with filters that stand in the address. */
export function Audit(): JSX.Element {
  const { query } = usePlace();
  const filters = Object.fromEntries(
    FILTERS.flatMap((name) => {
      const value = query.get(name) ?? "";
      if (value === "") return [];
      return [[name, name === "since" || name === "until" ? new Date(value).toISOString() : value]];
    }),
  );
  const pages = usePages(JSON.stringify(filters), (cursor) =>
    answerOf(
      api.GET("/audit", {
        params: { query: { limit: 50, ...filters, ...(cursor === undefined ? {} : { cursor }) } },
      }),
    ),
  );
  const labels = {
    ...{ repository: T.repository, action: T.action, actor: T.actor, tag: T.tag },
    ...{ since: T.since, until: T.until },
  };
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    const { text } = fieldsOf(event);
    goWith(Object.fromEntries(FILTERS.map((name) => [name, text(name)])));
  };
  return (
    <>
      <h1 tabIndex={-1}>{T.audit}</h1>
      <p>{T.auditIntro}</p>
      <form class="filters" onSubmit={submit}>
        {FILTERS.map((name) => (
          <label key={name}>
            {labels[name]}
            {name === "since" || name === "until" ? (
              <input type="datetime-local" name={name} defaultValue={query.get(name) ?? ""} />
            ) : (
              <input
                name={name}
                defaultValue={query.get(name) ?? ""}
                maxLength={255}
                {...(name === "action" ? { placeholder: "tag.pushed" } : {})}
              />
            )}
          </label>
        ))}
        <button type="submit" class="primary">
          {T.filter}
        </button>
        <Export filters={filters} />
      </form>
      {pages.items.length > 0 && <Entries items={pages.items} />}
      <Rest pages={pages}>{T.nothingHere}</Rest>
    </>
  );
}

function Entries({ items }: { readonly items: readonly Shown<"AuditEntry">[] }): JSX.Element {
  return (
    <Table
      label={T.audit}
      columns={[T.when, T.who, T.action, T.what, T.reason.replace(/ \(.*/, ""), T.detail]}
    >
      {items.map((item) => (
        <EntryRow key={item.hash} item={item} />
      ))}
    </Table>
  );
}

function EntryRow({ item }: { readonly item: Shown<"AuditEntry"> }): JSX.Element {
  const entry = item.entry as {
    readonly at: string;
    readonly action: string;
    readonly actor: { readonly uid: string; readonly kind: string };
    readonly repository: string | null;
    readonly tag: string | null;
    readonly reason: string;
  };
  const { at, action, actor, repository, tag, reason } = entry;
  return (
    <tr>
      <td>
        <Time at={at} />
      </td>
      <th scope="row" dir="auto">
        {actor.uid !== "" ? actor.uid : actor.kind === "anonymous" ? T.anonymous : actor.kind}
      </th>
      <td>{action}</td>
      <td class="broken">{[repository, tag].filter((part) => part !== null).join(":")}</td>
      <td class="broken" dir="auto">
        {reason}
      </td>
      <td>
        <details>
          <summary>{T.detail}</summary>
          <pre tabIndex={0}>
            <code>{JSON.stringify(item, null, 2)}</code>
          </pre>
        </details>
      </td>
    </tr>
  );
}

function Export({ filters }: { readonly filters: Readonly<Record<string, string>> }): JSX.Element {
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const save = (format: "csv" | "ndjson") => {
    setRefusal(null);
    download(format, filters).catch((error: unknown) => {
      setRefusal(refusalOf(error));
    });
  };
  return (
    <>
      {(["csv", "ndjson"] as const).map((format) => (
        <button
          key={format}
          type="button"
          onClick={() => {
            save(format);
          }}
        >
          {T.export} ({format.toUpperCase()})
        </button>
      ))}
      {refusal !== null && <Refused refusal={refusal} />}
    </>
  );
}

/** A link could not say that it is our page that asks. */
async function download(
  format: "csv" | "ndjson",
  filters: Readonly<Record<string, string>>,
): Promise<void> {
  const query = new URLSearchParams({ ...filters, format });
  const answer = await fetch(`/api/v1/audit/export?${query.toString()}`, { headers: pageHeader() });
  if (!answer.ok) throw new Refusal(answer.status, (await answer.json()) as { detail?: unknown });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = `audit.${format}`;
  link.click();
  URL.revokeObjectURL(link.href);
}
