import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { T } from "../texts/texts.js";
import { announce } from "../announce.js";
import { shortDigest } from "./figures.js";

const SHOWN_MILLISECONDS = 1_500;

/** Copies a text. */
export function Copy({
  text,
  label,
  children = T.copy,
  icon = false,
}: {
  readonly text: string;
  /** What it does, for whoever does not see where it stands. */
  readonly label: string;
  readonly children?: string;
  /** Where there is no room for a word. */
  readonly icon?: boolean;
}): JSX.Element {
  const [done, setDone] = useState(false);
  const copy = () => {
    void write(text).then(() => {
      setDone(true);
      announce(T.copied);
      setTimeout(() => {
        setDone(false);
      }, SHOWN_MILLISECONDS);
    });
  };
  return (
    <button type="button" class="copy" aria-label={label} title={label} onClick={copy}>
      {icon ? <Icon done={done} /> : done ? `✓ ${T.copied}` : children}
    </button>
  );
}

function Icon({ done }: { readonly done: boolean }): JSX.Element {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      {done ? <path d="M2 8.5 6 12.5 14 3.5" /> : <path d="M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z" />}
    </svg>
  );
}

/** A digest, short, whole where one points, and to be copied. */
export function Digest({ digest }: { readonly digest: string }): JSX.Element {
  const short = shortDigest(digest);
  return (
    <span class="digest">
      <code title={digest}>{short}</code> <Copy text={digest} label={T.copyDigest(short)} icon />
    </span>
  );
}

/** A command, and a button that copies it. */
export function Command({ text }: { readonly text: string }): JSX.Element {
  return (
    <div class="command">
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <Copy text={text} label={`${T.copy}: ${text}`} />
    </div>
  );
}

/** Where the page came without TLS browsers keep their clipboard from it: then a selection is copied, as of old. */
async function write(text: string): Promise<void> {
  if (window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is nothing else without TLS
  document.execCommand("copy");
  field.remove();
}
