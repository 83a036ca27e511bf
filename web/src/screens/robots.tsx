import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { answerOf, api, type Refusal, type Shown } from "../api/ask.js";
import { refusalOf, useLoad } from "../api/load.js";
import { Confirm } from "../parts/confirm.jsx";
import { SecretOnce } from "../parts/secret-once.jsx";
import { Asked, Empty, Refused } from "../parts/states.jsx";
import { Time } from "../parts/time.jsx";
import { goWith, usePlace } from "../place.js";
import { fieldsOf } from "../parts/fields.js";
import { ACTIONS } from "../parts/actions.js";
import { T } from "../texts/texts.js";

/** Service accounts of a team. */
export function Robots(): JSX.Element {
  const { query } = usePlace();
  const team = query.get("team") ?? "";
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    goWith({ team: fieldsOf(event).text("team") });
  };
  return (
    <>
      <h1 tabIndex={-1}>{T.robots}</h1>
      <p>{T.robotsIntro}</p>
      <form class="filters" onSubmit={submit}>
        <label>
          {T.team}
          <input name="team" key={team} defaultValue={team} required maxLength={255} />
        </label>
        <button type="submit" class="primary">
          {T.ask}
        </button>
      </form>
      {team !== "" && <RobotsOf team={team} />}
    </>
  );
}

function RobotsOf({ team }: { readonly team: string }): JSX.Element {
  const [robots, again] = useLoad(team, () =>
    answerOf(api.GET("/teams/{team}/robots", { params: { path: { team } } })),
  );
  const [secret, setSecret] = useState<string | null>(null);
  const told = (made: { secret: string }) => {
    setSecret(made.secret);
    again();
  };
  return (
    <Asked loaded={robots} again={again}>
      {({ robots: all }) => (
        <>
          <SecretOnce secret={secret} />
          {all.length === 0 && <Empty>{T.noRobots}</Empty>}
          <ul class="cards">
            {all.map((robot) => (
              <Robot key={robot.login} robot={robot} told={told} again={again} />
            ))}
          </ul>
          <NewRobot team={team} told={told} />
        </>
      )}
    </Asked>
  );
}

function Robot({
  robot,
  told,
  again,
}: {
  readonly robot: Shown<"Robot">;
  readonly told: (made: { secret: string }) => void;
  readonly again: () => void;
}): JSX.Element {
  const { login, team, name, description, grants, createdBy, expiresAt, lastUsedAt, disabledAt } =
    robot;
  const path = { team, name };
  const rotate = async () => {
    told(
      await answerOf(
        api.POST("/teams/{team}/robots/{name}/rotate", {
          params: { path },
          body: { overlapHours: 24, expiresInDays: null },
        }),
      ),
    );
  };
  const disable = async () => {
    await answerOf(api.POST("/teams/{team}/robots/{name}/disable", { params: { path } }));
    again();
  };
  const enable = async () => {
    await answerOf(api.POST("/teams/{team}/robots/{name}/enable", { params: { path } }));
    again();
  };
  return (
    <li class="card">
      <h2>
        {login} {disabledAt !== null && <span class="badge bad">{T.disabled}</span>}
      </h2>
      {description !== "" && <p dir="auto">{description}</p>}
      <p class="small">
        {grants
          .map(({ actions, repositories }) => `${actions.join(", ")} ${repositories}`)
          .join(" · ")}
      </p>
      <p class="faint small">
        {T.created} {T.by(createdBy)} · {T.expires} <Time at={expiresAt} /> · {T.lastUsed}{" "}
        <Time at={lastUsedAt} />
      </p>
      <p class="buttons">
        <Confirm label={T.rotate} title={`${T.rotate}: ${login}`} act={rotate} />
        {disabledAt === null ? (
          <Confirm label={T.disable} title={`${T.disable}: ${login}`} name={name} act={disable} />
        ) : (
          <Confirm label={T.enable} title={`${T.enable}: ${login}`} act={enable} />
        )}
      </p>
    </li>
  );
}

function NewRobot({
  team,
  told,
}: {
  readonly team: string;
  readonly told: (made: { secret: string }) => void;
}): JSX.Element {
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    const element = event.currentTarget;
    const { text, isChecked } = fieldsOf(event);
    const actions = ACTIONS.filter(isChecked);
    const body = {
      ...{
        name: text("name"),
        description: text("description"),
      },
      ...{
        expiresInDays: null,
        grants: [{ repositories: text("repositories"), actions }],
      },
    };
    setRefusal(null);
    answerOf(api.POST("/teams/{team}/robots", { params: { path: { team } }, body })).then(
      (made) => {
        element.reset();
        told(made);
      },
      (error: unknown) => {
        setRefusal(refusalOf(error));
      },
    );
  };
  return (
    <form class="stacked narrow" onSubmit={submit}>
      <h2>{T.newRobot}</h2>
      <label>
        {T.name}
        <input name="name" required autocomplete="off" />
      </label>
      <label>
        {T.description}
        <input name="description" autocomplete="off" />
      </label>
      <label>
        {T.repositoriesPattern}
        <input name="repositories" defaultValue={`${team}/**`} required />
      </label>
      <fieldset>
        <legend>{T.actions}</legend>
        {ACTIONS.map((action) => (
          <label key={action} class="check">
            <input type="checkbox" name={action} defaultChecked={action === "pull"} /> {action}
          </label>
        ))}
      </fieldset>
      {refusal !== null && <Refused refusal={refusal} />}
      <button type="submit" class="primary">
        {T.create}
      </button>
    </form>
  );
}
