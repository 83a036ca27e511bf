import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { answerOf, api, type Refusal, type Shown } from "../api/ask.js";
import { refusalOf } from "../api/load.js";
import { fieldsOf, listed } from "../parts/fields.js";
import { Loading, Refused } from "../parts/states.jsx";
import { ACTIONS } from "../parts/actions.js";
import { Choice } from "../parts/form.jsx";
import { T } from "../texts/texts.js";
import { Answer } from "./access.jsx";
import { Judged } from "./judged.jsx";

const MOST_DECISIONS = 1_000;
type Kind = "access" | "tags";

/** What other rules would decide: of what is on record, and of what somebody might want. */
export function PolicyTest(): JSX.Element {
  const [policy, setPolicy] = useState("");
  const [kind, setKind] = useState<Kind>("access");
  return (
    <>
      <h1 tabIndex={-1}>{T.policyTest}</h1>
      <p>{T.policyTestIntro}</p>
      <div class="stacked">
        <label>
          {T.policyKind}
          <select
            value={kind}
            onChange={({ currentTarget }) => {
              setKind(currentTarget.value === "tags" ? "tags" : "access");
            }}
          >
            <option value="access">{T.accessPolicy}</option>
            <option value="tags">{T.tagPolicy}</option>
          </select>
        </label>
        <PolicyText policy={policy} setPolicy={setPolicy} />
      </div>
      <Decisions kind={kind} policy={policy} />
      {kind === "access" && <Trial policy={policy} />}
    </>
  );
}

function PolicyText({
  policy,
  setPolicy,
}: {
  readonly policy: string;
  readonly setPolicy: (text: string) => void;
}): JSX.Element {
  return (
    <>
      <label>
        {T.policyText}
        <textarea
          rows={14}
          class="code"
          spellcheck={false}
          dir="ltr"
          value={policy}
          onInput={({ currentTarget }) => {
            setPolicy(currentTarget.value);
          }}
        />
      </label>
      <label>
        {T.policyFile}
        <input
          type="file"
          accept=".yaml,.yml,text/plain"
          onChange={({ currentTarget }) => {
            void currentTarget.files?.[0]?.text().then(setPolicy);
          }}
        />
      </label>
    </>
  );
}

/** Something that is asked for by a button, once. */
type Once<T> = { readonly value: T } | { readonly refusal: Refusal } | "asking" | null;

function Decisions({
  kind,
  policy,
}: {
  readonly kind: Kind;
  readonly policy: string;
}): JSX.Element {
  const [judged, setJudged] = useState<Once<Shown<"PolicyTest">>>(null);
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    const body = { policy, last: Number(fieldsOf(event).text("last")) };
    setJudged("asking");
    answerOf(
      kind === "tags" ? api.POST("/tag-policy/test", { body }) : api.POST("/policy/test", { body }),
    ).then(
      (value) => {
        setJudged({ value });
      },
      (error: unknown) => {
        setJudged({ refusal: refusalOf(error) });
      },
    );
  };
  return (
    <>
      <form class="filters" onSubmit={submit}>
        <label>
          {T.decisions}
          <input
            name="last"
            type="number"
            min={1}
            max={MOST_DECISIONS}
            defaultValue="200"
            required
          />
        </label>
        <button type="submit" class="primary" disabled={policy === ""}>
          {T.compareDecisions}
        </button>
      </form>
      <Outcome of={judged}>{(value) => <Judged judged={value} />}</Outcome>
    </>
  );
}

function Trial({ policy }: { readonly policy: string }): JSX.Element {
  const [answer, setAnswer] = useState<Once<Shown<"Explanation">>>(null);
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    const { text } = fieldsOf(event);
    const identity = {
      ...{ uid: text("uid"), realm: "/employees", scopes: [], claims: {} },
      kind: text("uid") === "" ? ("anonymous" as const) : ("oauth2" as const),
      teams: listed(text("teams")),
    };
    const action = ACTIONS.find((one) => one === text("action")) ?? "pull";
    const body = { action, repository: text("repository"), address: null, identity, policy };
    setAnswer("asking");
    answerOf(api.POST("/explain", { body })).then(
      (value) => {
        setAnswer({ value });
      },
      (error: unknown) => {
        setAnswer({ refusal: refusalOf(error) });
      },
    );
  };
  return (
    <section>
      <h2>{T.tryIt}</h2>
      <form class="filters" onSubmit={submit}>
        <label>
          {T.user}
          <input name="uid" autocomplete="off" />
        </label>
        <label>
          {T.teams}
          <input name="teams" autocomplete="off" />
        </label>
        <Choice name="action" label={T.action} of={ACTIONS} />
        <label>
          {T.repository}
          <input name="repository" required maxLength={255} />
        </label>
        <button type="submit" disabled={policy === ""}>
          {T.ask}
        </button>
      </form>
      <Outcome of={answer}>{(value) => <Answer answer={value} />}</Outcome>
    </section>
  );
}

function Outcome<T>({
  of,
  children,
}: {
  readonly of: Once<T>;
  readonly children: (value: T) => JSX.Element;
}): JSX.Element | null {
  if (of === null) return null;
  if (of === "asking") return <Loading />;
  return "refusal" in of ? <Refused refusal={of.refusal} /> : children(of.value);
}
