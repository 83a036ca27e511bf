import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { Refusal } from "../api/ask.js";
import { refusalOf } from "../api/load.js";
import { fieldsOf, type Fields } from "./fields.js";
import { Refused } from "./states.jsx";

/** A form that does something, says why it was refused, and is empty again once it is done. */
export function Form({
  title,
  label,
  children,
  act,
}: {
  readonly title: string;
  /** Of its button. */
  readonly label: string;
  readonly children: ComponentChildren;
  readonly act: (fields: Fields) => Promise<void>;
}): JSX.Element {
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    const element = event.currentTarget;
    setRefusal(null);
    act(fieldsOf(event)).then(
      () => {
        element.reset();
      },
      (error: unknown) => {
        setRefusal(refusalOf(error));
      },
    );
  };
  return (
    <details class="form">
      <summary>{title}</summary>
      <form class="stacked narrow" onSubmit={submit} aria-label={title}>
        {children}
        {refusal !== null && <Refused refusal={refusal} />}
        <p>
          <button type="submit" class="primary">
            {label}
          </button>
        </p>
      </form>
    </details>
  );
}

/** A line of text that is asked for. */
export function Field({
  name,
  label,
  value = "",
  isWanted = false,
}: {
  readonly name: string;
  readonly label: string;
  readonly value?: string;
  readonly isWanted?: boolean;
}): JSX.Element {
  return (
    <label>
      {label}
      <input name={name} defaultValue={value} required={isWanted} autocomplete="off" />
    </label>
  );
}

/** One of several, the first unless another one is chosen. */
export function Choice({
  name,
  label,
  of,
}: {
  readonly name: string;
  readonly label: string;
  readonly of: readonly string[];
}): JSX.Element {
  return (
    <label>
      {label}
      <select name={name}>
        {of.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}

/** Something that is said or not. */
export function Check({
  name,
  label,
  isChecked = false,
}: {
  readonly name: string;
  readonly label: string;
  readonly isChecked?: boolean;
}): JSX.Element {
  return (
    <label class="check">
      <input type="checkbox" name={name} defaultChecked={isChecked} /> {label}
    </label>
  );
}
