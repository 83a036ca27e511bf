import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { T } from "../texts/texts.js";
import { announce } from "./announce.jsx";
import { shortDigest } from "./figures.js";

const SHOWN_MILLISECONDS = 1_500;

/** Copies a text. */
export function Copy({
  text,
  label,
  children = T.copy,
}: {
  readonly text: string;
  /** What it does, for whoever does not see where it stands. */
  readonly label: string;
  readonly children?: string;
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
      {done ? `✓ ${T.copied}` : children}
    </button>
  );
}

/** A digest, short, whole where one points, and to be copied. */
export function Digest({ digest }: { readonly digest: string }): JSX.Element {
  const short = shortDigest(digest);
  return (
    <span class="digest">
      <code title={digest}>{short}</code>{" "}
      <Copy text={digest} label={T.copyDigest(short)}>
        ⧉
      </Copy>
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
  document.execCommand("copy");
  field.remove();
}
