import type { JSX } from "preact";
import type { Shown } from "../api/ask.js";
import { href, tagPlace } from "../place.js";
import { T } from "../texts/texts.js";
import { Digest } from "./copy.jsx";
import { Time } from "./time.jsx";

type Happened = Shown<"Happened">;

const DIGEST = /^sha(?:256|384|512):[0-9a-f]{64,128}$/;

/** What happened, the newest first; a refusal says who tried what, and what stays. */
export function History({
  items,
  withNames = false,
}: {
  readonly items: readonly Happened[];
  /** Whether each says which tag it is about. */
  readonly withNames?: boolean;
}): JSX.Element {
  return (
    <ol class="history">
      {items.map((one, index) => (
        <Entry key={`${one.at} ${index}`} one={one} withNames={withNames} />
      ))}
    </ol>
  );
}

function Entry({
  one,
  withNames,
}: {
  readonly one: Happened;
  readonly withNames: boolean;
}): JSX.Element {
  const { at, action, by, repository, tag, digest, reason, detail } = one;
  const isRefusal = action.endsWith(".refused");
  const who = by.uid === "" ? T.anonymous : by.uid;
  const held = digestIn(detail["heldDigest"]) ?? digestIn(detail["held"]);
  return (
    <li class={isRefusal ? "refusal" : ""}>
      <p>
        {isRefusal ? (
          <strong>{T.triedToPush(who, tag ?? "")}</strong>
        ) : (
          <>
            <strong>{T.did(action)}</strong> {T.by(who)}
          </>
        )}{" "}
        <span class="faint" title={`${by.kind} ${by.realm}`}>
          {by.realm}
        </span>{" "}
        · <Time at={at} />
      </p>
      {withNames && repository !== null && (
        <p>
          <a
            href={href(tag === null ? `repositories/${repository}/-/` : tagPlace(repository, tag))}
            dir="ltr"
          >
            {tag === null ? repository : `${repository}:${tag}`}
          </a>
        </p>
      )}
      <p class="small">
        <span class="faint">{isRefusal ? T.refusalReason(reason) : reason}</span>
        {digest !== null && (
          <>
            {" "}
            {isRefusal && `· ${T.offered} `}
            <Digest digest={digest} />
          </>
        )}
        {held !== null && (
          <>
            {" "}
            · {T.stays} <Digest digest={held} />
          </>
        )}
      </p>
      {Object.keys(detail).length > 0 && (
        <details class="small">
          <summary>{T.detail}</summary>
          <pre tabIndex={0}>
            <code>{JSON.stringify(detail, null, 2)}</code>
          </pre>
        </details>
      )}
    </li>
  );
}

function digestIn(value: unknown): string | null {
  return typeof value === "string" && DIGEST.test(value) ? value : null;
}
