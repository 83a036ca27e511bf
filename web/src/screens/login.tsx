import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { answerOf, api, type Login, type Refusal } from "../api/ask.js";
import type { Issuers } from "../api/current-session.js";
import { refusalOf } from "../api/load.js";
import { useArrival } from "../parts/arrival.js";
import { Refused } from "../parts/states.jsx";
import { go, usePlace } from "../place.js";
import { fieldsOf } from "../parts/fields.js";
import { T } from "../texts/texts.js";

/** Logs in, and leads where one wanted to go. */
export function LoginScreen({
  entered,
  wasOver,
  issuers,
}: {
  readonly entered: (login: Login | null) => void;
  /** Whether there was a session, and it has ended. */
  readonly wasOver: boolean;
  /** By whose pages one may log in, too. */
  readonly issuers: Issuers;
}): JSX.Element {
  const { path, query } = usePlace();
  useArrival(path, true);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [isAsking, setAsking] = useState(false);
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    const { text, typed } = fieldsOf(event);
    const user = text("user");
    const password = typed("password");
    setAsking(true);
    setRefusal(null);
    answerOf(
      api.POST("/session", { body: { user: user === "" ? "oauth2" : user, password } }),
    ).then(
      ({ login }) => {
        entered(login);
        go(query.get("to") ?? "", "replace");
      },
      (error: unknown) => {
        setAsking(false);
        setRefusal(refusalOf(error));
      },
    );
  };
  return (
    <div class="narrow">
      <h1 tabIndex={-1}>{T.logIn}</h1>
      <Problem problem={query.get("problem")} request={query.get("request")} />
      {wasOver && <p>{T.sessionOver}</p>}
      {issuers.map(({ name, title }) => (
        <p key={name}>
          <a class="button primary wide" href={pageOf(name, query.get("to") ?? "")}>
            {T.logInBy(title)}
          </a>
        </p>
      ))}
      <p>{issuers.length > 0 ? T.loginOr : T.loginIntro}</p>
      <form onSubmit={submit} class="stacked">
        <label>
          {T.user}
          <input
            name="user"
            autocomplete="username"
            autocapitalize="none"
            maxLength={255}
            aria-describedby="user-hint"
          />
        </label>
        <p id="user-hint" class="faint small">
          {T.userHint}
        </p>
        <label>
          {T.password}
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        {refusal !== null &&
          (refusal.status === 401 ? (
            <div class="state refused" role="alert">
              <p>{T.wrongLogin}</p>
              <p class="said">{refusal.message}</p>
            </div>
          ) : (
            <Refused refusal={refusal} />
          ))}
        <button type="submit" class="primary" disabled={isAsking}>
          {T.logIn}
        </button>
      </form>
    </div>
  );
}

/** Why logging in by another page came to nothing, and what to do. */
function Problem({
  problem,
  request,
}: {
  readonly problem: string | null;
  readonly request: string | null;
}): JSX.Element | null {
  if (problem === null) return null;
  return (
    <div class="state refused" role="alert">
      <p>{T.loginProblem(problem)}</p>
      {request !== null && <p class="faint small">{T.requestId(request)}</p>}
    </div>
  );
}

/** The server sends the browser on to the issuer. */
function pageOf(issuer: string, to: string): string {
  return `/api/v1/session/oidc/${issuer}?${new URLSearchParams({ to }).toString()}`;
}
