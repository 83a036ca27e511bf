import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { Shown } from "../api/ask.js";
import { Table } from "./table.jsx";
import { Fact } from "./fact.jsx";
import { T } from "../texts/texts.js";
import { Time } from "./time.jsx";

type Image = NonNullable<Shown<"InspectedImage">["image"]>;
type Said = NonNullable<Image["configuration"]>;

/** Names under which people keep what nobody should see over their shoulder. */
const SECRET = /pass|secret|token|credential|(?:^|_)(?:api|private)?_?key$|auth/i;

/** What an image was told to be and to run. */
export function Configuration({ configuration }: { readonly configuration: Said }): JSX.Element {
  const { created, author, os, architecture, variant, user, labels } = configuration;
  const { entrypoint, command, workingDirectory, stopSignal, ports, volumes } = configuration;
  const platform = [os, architecture, variant].filter((one) => one !== null).join("/");
  const facts: readonly (readonly [string, string | null])[] = [
    [T.platform, platform],
    [T.entrypoint, wordsOf(entrypoint)],
    [T.command, wordsOf(command)],
    [T.user, user],
    [T.workingDirectory, workingDirectory],
    [T.ports, ports.join(", ")],
    [T.volumes, volumes.join(", ")],
    [T.stopSignal, stopSignal],
    [T.author, author],
  ];
  return (
    <section>
      <h2>{T.configuration}</h2>
      <dl class="facts">
        {created !== null && !Number.isNaN(Date.parse(created)) && (
          <Fact name={T.created}>
            <Time at={created} />
          </Fact>
        )}
        {facts.map(([name, text]) =>
          text === null || text === "" ? null : (
            <Fact key={name} name={name}>
              <code dir="ltr">{text}</code>
            </Fact>
          ),
        )}
      </dl>
      <Environment environment={configuration.environment} />
      <Texts title={T.labels} texts={Object.entries(labels)} />
    </section>
  );
}

/** As a shell would take them, so that a blank within one word shows. */
function wordsOf(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word)))
    .join(" ");
}

/** Whoever may pull the image has them all; whoever looks at a screen does not need to. */
function Environment({ environment }: Pick<Said, "environment">): JSX.Element | null {
  if (environment.length === 0) return null;
  return (
    <>
      <h3>{T.environment}</h3>
      <Rows
        label={T.environment}
        rows={environment.map(({ name, value }) => [
          name,
          SECRET.test(name) && value !== "" ? <Hidden name={name} value={value} /> : value,
        ])}
      />
    </>
  );
}

function Hidden({ name, value }: { readonly name: string; readonly value: string }): JSX.Element {
  const [isShown, setShown] = useState(false);
  if (isShown) return <>{value}</>;
  return (
    <>
      <span aria-hidden="true">••••••</span>{" "}
      <button
        type="button"
        class="copy"
        aria-label={T.showValue(name)}
        title={T.inTheImage}
        onClick={() => {
          setShown(true);
        }}
      >
        {T.show}
      </button>
    </>
  );
}

function Texts({
  title,
  texts,
}: {
  readonly title: string;
  readonly texts: readonly (readonly [string, string])[];
}): JSX.Element | null {
  if (texts.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <Rows label={title} rows={texts} />
    </>
  );
}

/** Names and what they say, as labels and annotations. */
export function Rows({
  label,
  rows,
}: {
  readonly label: string;
  readonly rows: readonly (readonly [string, ComponentChildren])[];
}): JSX.Element {
  return (
    <Table label={label} columns={[T.name, T.value]}>
      {rows.map(([name, value], index) => (
        <tr key={index}>
          <th scope="row" class="broken" dir="auto">
            {name}
          </th>
          <td class="broken" dir="auto">
            {value}
          </td>
        </tr>
      ))}
    </Table>
  );
}
