import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Refusal } from "../api/ask.js";
import { refusalOf } from "../api/load.js";
import { T } from "../texts/texts.js";
import { fieldsOf, type Fields } from "./fields.js";
import { Refused } from "./states.jsx";

/** A button, and what it asks before it does something; what cannot be undone asks for a name. */
export function Confirm({
  label,
  title,
  name = null,
  children,
  act,
}: {
  readonly label: string;
  readonly title: string;
  /** Has to be typed first; `null`: nothing has. */
  readonly name?: string | null;
  readonly children?: ComponentChildren;
  /** Is given what was typed into the dialog. */
  readonly act: (fields: Fields) => Promise<void>;
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
  }, [isOpen]);
  const close = () => {
    setOpen(false);
    setTyped("");
    setRefusal(null);
  };
  const submit = (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    act(fieldsOf(event)).then(close, (error: unknown) => {
      setRefusal(refusalOf(error));
    });
  };
  return (
    <>
      <button
        type="button"
        class={name === null ? "" : "danger"}
        onClick={() => {
          setOpen(true);
        }}
      >
        {label}
      </button>
      {isOpen && (
        <dialog ref={dialog} onClose={close} aria-label={title}>
          <form onSubmit={submit}>
            <h2>{title}</h2>
            {children}
            {name !== null && (
              <label>
                {T.typeName(name)}
                <input
                  value={typed}
                  autocomplete="off"
                  onInput={({ currentTarget }) => {
                    setTyped(currentTarget.value);
                  }}
                />
              </label>
            )}
            {refusal !== null && <Refused refusal={refusal} denied={T.notAllowedToDo} />}
            <p class="buttons">
              <button type="button" onClick={close}>
                {T.cancel}
              </button>
              <button
                type="submit"
                class={name === null ? "primary" : "danger"}
                disabled={name !== null && typed !== name}
              >
                {label}
              </button>
            </p>
          </form>
        </dialog>
      )}
    </>
  );
}
