import type { JSX } from "preact";
import type { Shown } from "../api/ask.js";
import { figure } from "../parts/figures.js";
import { Table } from "../parts/table.jsx";
import { Time } from "../parts/time.jsx";
import { T } from "../texts/texts.js";

type PolicyTest = Shown<"PolicyTest">;

/** What other rules would have decided otherwise, and of what that cannot be told. */
export function Judged({ judged }: { readonly judged: PolicyTest }): JSX.Element {
  const { looked, same, changes, unknown, warnings } = judged;
  return (
    <>
      <p class={`state ${changes.length === 0 ? "good" : "bad"}`} role="status">
        {T.judged(figure(looked), figure(same), figure(changes.length), figure(unknown.length))}
      </p>
      {warnings.map((warning) => (
        <p key={warning} class="warning">
          {warning}
        </p>
      ))}
      {changes.length > 0 && <Changes changes={changes} />}
      {unknown.length > 0 && <Unknown unknown={unknown} />}
    </>
  );
}

function Changes({ changes }: Pick<PolicyTest, "changes">): JSX.Element {
  return (
    <>
      <h2>{T.wouldChange}</h2>
      <Table
        label={T.wouldChange}
        columns={[T.when, T.what, T.who, T.becomes, T.rule, T.insteadOf]}
      >
        {changes.map((change, index) => (
          <tr key={index}>
            <Decided one={change} />
            <td>
              <span class={`badge ${change.allow ? "good" : "bad"}`}>
                {T[change.allow ? "allow" : "deny"]}
              </span>
            </td>
            <td class="broken">{rulesIn(change.rules)}</td>
            <td class="broken">{rulesIn(change.rulesInForce)}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function Unknown({ unknown }: Pick<PolicyTest, "unknown">): JSX.Element {
  return (
    <details>
      <summary>
        {T.cannotTell} ({figure(unknown.length)})
      </summary>
      <Table label={T.cannotTell} columns={[T.when, T.what, T.who, T.dependsOn]}>
        {unknown.map((one, index) => (
          <tr key={index}>
            <Decided one={one} />
            <td class="broken">{one.dependsOn.join(", ")}</td>
          </tr>
        ))}
      </Table>
    </details>
  );
}

function Decided({
  one,
}: {
  readonly one: Omit<PolicyTest["unknown"][number], "dependsOn">;
}): JSX.Element {
  const { at, action, by, repository, tag } = one;
  return (
    <>
      <td>
        <Time at={at} />
      </td>
      <th scope="row" dir="ltr" class="broken">
        {T.did(action)} {repository}
        {tag !== null && `:${tag}`}
      </th>
      <td dir="auto">{by.uid === "" ? T.anonymous : by.uid}</td>
    </>
  );
}

function rulesIn(rules: PolicyTest["changes"][number]["rules"]): string {
  if (rules.length === 0) return T.noRuleShort;
  return rules.map(({ rule, at }) => (at === null ? rule : `${rule} (${at})`)).join(", ");
}
