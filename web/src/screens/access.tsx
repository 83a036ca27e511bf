import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { answerOf, api, type Refusal, type Shown } from "../api/ask.js";
import { refusalOf, useLoad } from "../api/load.js";
import { Asked, Refused } from "../parts/states.jsx";
import { href, usePlace } from "../place.js";
import { useMe } from "../session.jsx";
import { fieldsOf, listed } from "../parts/fields.js";
import { Table } from "../parts/table.jsx";
import { ACTIONS, type Action } from "../parts/actions.js";
import { Choice } from "../parts/form.jsx";
import { T } from "../texts/texts.js";

/** May somebody do something somewhere? */
export function Access(): JSX.Element {
  const me = useMe();
  const { query } = usePlace();
  return (
    <>
      <h1 tabIndex={-1}>{T.access}</h1>
      {me?.isAdministrator === true && (
        <p>
          <a class="button" href={href("policy")}>
            {T.policyTest}
          </a>
        </p>
      )}
      <Question repository={query.get("repository") ?? ""} isFixed={false} />
    </>
  );
}

/** Who may do what in a repository, and by which rule. */
export function AccessOf({ repository }: { readonly repository: string }): JSX.Element {
  const me = useMe();
  return (
    <>
      <p>{T.accessIntro}</p>
      <Question repository={repository} isFixed />
      {me !== null && <WhoCan repository={repository} />}
    </>
  );
}

function WhoCan({ repository }: { readonly repository: string }): JSX.Element {
  const [whoCan, again] = useLoad(repository, () =>
    answerOf(api.GET("/who-can", { params: { query: { repository } } })),
  );
  return (
    <Asked loaded={whoCan} again={again}>
      {({ actions }) => (
        <>
          {actions.map(({ action, rules, never }) => (
            <section key={action}>
              <h2>{action}</h2>
              {rules.length === 0 ? <p>{T.noRule}</p> : <Rules label={action} rules={rules} />}
              {never.length > 0 && <p class="faint small">{T.except(never.join(", "))}</p>}
            </section>
          ))}
        </>
      )}
    </Asked>
  );
}

function Rules({
  label,
  rules,
}: {
  readonly label: string;
  readonly rules: readonly Shown<"RuleAbout">[];
}): JSX.Element {
  return (
    <Table label={label} columns={[T.rule, T.effect, T.whom]}>
      {rules.map(({ rule, at, effect, who, unless }, index) => (
        <tr key={index}>
          <th scope="row">
            {rule} {at !== null && <span class="faint small">{at}</span>}
          </th>
          <td>
            <span class={`badge ${effect === "allow" ? "good" : "bad"}`}>{T[effect]}</span>
          </td>
          <td class="broken">
            {wordsFor(who)}
            {unless !== null && ` (${T.exceptThese}: ${inWords(unless)})`}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function wordsFor(who: Shown<"RuleAbout">["who"]): string {
  if (who === "anyone") return T.anyone;
  return who === "logged-in" ? T.anyLogin : inWords(who);
}

function Question({
  repository,
  isFixed,
}: {
  readonly repository: string;
  readonly isFixed: boolean;
}): JSX.Element {
  const me = useMe();
  const [answer, setAnswer] = useState<Shown<"Explanation"> | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    const { text: field } = fieldsOf(event);
    setAnswer(null);
    setRefusal(null);
    const asked = {
      action: field("action") as Action,
      repository: isFixed ? repository : field("repository"),
    };
    answerOf(questionFor(asked, field("uid"), field("teams"))).then(setAnswer, (error: unknown) => {
      setRefusal(refusalOf(error));
    });
  };
  return (
    <>
      <form class="filters" onSubmit={submit}>
        {!isFixed && (
          <label>
            {T.repository}
            <input name="repository" defaultValue={repository} required />
          </label>
        )}
        <Choice name="action" label={T.action} of={ACTIONS} />
        {me?.isAdministrator === true && (
          <>
            <label>
              {T.mayThey}
              <input name="uid" placeholder={T.user} autocomplete="off" />
            </label>
            <label>
              {T.teams}
              <input name="teams" autocomplete="off" />
            </label>
          </>
        )}
        <button type="submit" class="primary">
          {T.mayI}
        </button>
      </form>
      {refusal !== null && <Refused refusal={refusal} />}
      {answer !== null && <Answer answer={answer} />}
    </>
  );
}

function questionFor(asked: { action: Action; repository: string }, uid: string, teams: string) {
  if (uid === "") return api.GET("/explain", { params: { query: asked } });
  const identity = {
    ...{ uid, realm: "/employees", kind: "oauth2" as const, scopes: [], claims: {} },
    teams: listed(teams),
  };
  return api.POST("/explain", { body: { ...asked, identity, address: null, policy: null } });
}

/** Whether, and why. */
export function Answer({ answer }: { readonly answer: Shown<"Explanation"> }): JSX.Element {
  const { allow, reason, rule, trace } = answer;
  return (
    <div class={`state answer ${allow ? "good" : "bad"}`} role="status">
      <p>
        <strong>{allow ? T.yes : T.no}</strong> {reason}
      </p>
      {rule != null && (
        <p class="faint small">
          {T.byRule(rule.id)} {rule.at}
        </p>
      )}
      {trace !== undefined && trace.length > 0 && (
        <details class="small">
          <summary>{T.detail}</summary>
          <ul>
            {trace.map((step, index) => (
              <li key={index}>
                {step.rule.id}: {step.outcome}, {step.because}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

/** What a rule asks of somebody, without the marks of JSON. */
function inWords(conditions: unknown): string {
  if (Array.isArray(conditions)) return conditions.map(inWords).join(", ");
  if (conditions === null || typeof conditions !== "object") return String(conditions);
  return Object.entries(conditions)
    .map(([name, value]) => `${name}: ${inWords(value)}`)
    .join("; ");
}
