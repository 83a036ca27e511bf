import type { JSX } from "preact";
import { T } from "../texts/texts.js";
import { Command } from "./copy.jsx";

/** A secret that nobody shows again. */
export function SecretOnce({ secret }: { readonly secret: string | null }): JSX.Element | null {
  if (secret === null) return null;
  return (
    <div class="state good" role="status">
      <p>{T.secretOnce}</p>
      <Command text={secret} />
    </div>
  );
}
