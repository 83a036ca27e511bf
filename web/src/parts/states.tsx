import type { ComponentChildren, JSX } from "preact";
import type { Refusal } from "../api/ask.js";
import type { Loaded, Pages } from "../api/load.js";
import { href, place, withQuery } from "../place.js";
import { T } from "../texts/texts.js";

/** What is shown while something is asked for. */
export function Loading(): JSX.Element {
  return (
    <p class="state" role="status">
      <span class="spinner" aria-hidden="true" /> {T.loading}
    </p>
  );
}

/** What is shown where there is nothing. */
export function Empty({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <div class="state">{children}</div>;
}

/** What is shown of a refusal: what to do first, then what the server said. */
export function Refused({
  refusal,
  again,
  denied = T.notAllowed,
}: {
  readonly refusal: Refusal;
  readonly again?: () => void;
  /** What is said where one may not. */
  readonly denied?: string;
}): JSX.Element {
  const { status, message, requestId } = refusal;
  return (
    <div class="state refused" role="alert">
      <p>{status === 403 ? denied : sentenceFor(status)}</p>
      {message !== "" && <p class="said">{message}</p>}
      {requestId !== "" && <p class="faint small">{T.requestId(requestId)}</p>}
      {status === 401 && (
        <a class="button" href={loginPlace()}>
          {T.logIn}
        </a>
      )}
      {again !== undefined && (status === 0 || status >= 429) && (
        <button type="button" onClick={again}>
          {T.again}
        </button>
      )}
    </div>
  );
}

/** Shows what was asked for once it is there. */
export function Asked<T>({
  loaded,
  again,
  children,
}: {
  readonly loaded: Loaded<T>;
  readonly again: () => void;
  readonly children: (value: T) => ComponentChildren;
}): JSX.Element {
  if (loaded.state === "loading") return <Loading />;
  if (loaded.state === "refused") return <Refused refusal={loaded.refusal} again={again} />;
  return <>{children(loaded.value)}</>;
}

/** What is below a list: that it goes on, is loading, was refused, or is empty. */
export function Rest<T>({
  pages,
  children,
}: {
  readonly pages: Pages<T>;
  /** What is said of an empty one. */
  readonly children: ComponentChildren;
}): JSX.Element {
  const { items, isLoading, refusal, more, again } = pages;
  if (refusal !== null) return <Refused refusal={refusal} again={again} />;
  if (isLoading) return <Loading />;
  if (more !== null)
    return (
      <p class="state">
        <button type="button" onClick={more}>
          {T.more}
        </button>
      </p>
    );
  return items.length === 0 ? <Empty>{children}</Empty> : <></>;
}

/** @returns where one logs in, and comes back from to here */
export function loginPlace(): string {
  const { path, query } = place();
  return href(withQuery("login", { to: withQuery(path, Object.fromEntries(query)) }));
}

function sentenceFor(status: number): string {
  switch (status) {
    case 0:
      return T.unreachable;
    case 400:
      return T.wrongRequest;
    case 401:
      return T.wantsLogin;
    case 404:
      return T.notThere;
    case 429:
      return T.tooMany;
    case 503:
      return T.undecided;
    default:
      return T.failed;
  }
}
