import type { Client } from "../api/client.js";
import { callAs, type AnswerOf, type BodyOf } from "../api/described-answers.js";
import { lines, type Shown, type ShownList } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";
import { oneOf } from "./words.js";

type Change = BodyOf<"directory.change">["changes"][number];
type Listing = AnswerOf<"directory.read">;

const PRIVILEGES = ["Manager", "Pusher", "Puller"] as const;
const privilege = oneOf(PRIVILEGES);

/** `apps`, `privileges` and `directory`: what rules go by besides logins. */
export const addDirectory: AddCommands = (program, run) => {
  const apps = program
    .command("apps")
    .summary("applications, and whose they are")
    .description("Applications: teams that are responsible push below apps/, others only pull.")
    .addHelpText(
      "after",
      examples("wharf apps set shop --responsible alpha --published alpha,beta"),
    );
  apps
    .command("list")
    .alias("ls")
    .summary("those of your teams; all for administrators")
    .action(run(async (shell) => listApps(await shell.client())));
  apps
    .command("set <code>")
    .summary("make one, or change whose it is; for administrators")
    .option("--responsible <teams>", "teams that push, as alpha,beta", commas, [])
    .option("--published <teams>", "teams that pull", commas, [])
    .action(
      run<{ readonly responsible: readonly string[]; readonly published: readonly string[] }>(
        async (shell, [code = ""], { responsible, published }) =>
          change(await shell.client(), {
            ...{ change: "app.set", code },
            ...{ responsibles: [...responsible], publications: [...published] },
          }),
      ),
    );
  apps
    .command("remove <code>")
    .summary("end one; for administrators")
    .action(
      run(async (shell, [code = ""]) =>
        change(await shell.client(), { change: "app.removed", code }),
      ),
    );
  const privileges = program
    .command("privileges")
    .summary("who may push, pull and manage at all")
    .description("Privileges of teams, or of one login, /realm/uid.")
    .addHelpText("after", examples("wharf privileges give Pusher alpha"));
  privileges
    .command("list")
    .alias("ls")
    .summary("your own; all for administrators")
    .action(run(async (shell) => listPrivileges(await shell.client())));
  for (const [verb, kind] of [
    ["give", "privilege.given"],
    ["take", "privilege.taken"],
  ] as const)
    privileges
      .command(`${verb} <privilege> <holder>`)
      .summary(`${verb === "give" ? "give" : "take"} ${PRIVILEGES.join(", ")}; for administrators`)
      .action(
        run(async (shell, [what = "", holder = ""]) =>
          change(await shell.client(), { change: kind, privilege: privilege(what), holder }),
        ),
      );
  addUsers(program, run);
};

const addUsers: AddCommands = (program, run) => {
  const directory = program
    .command("directory")
    .summary("ids of users and teams")
    .description("Ids of users and teams, which stand for them below users/ and groups/.")
    .addHelpText("after", examples("wharf directory user /employees/alice --primary-team alpha"));
  directory
    .command("list")
    .alias("ls")
    .summary("you and your teams; all for administrators")
    .action(run(async (shell) => listNames(await shell.client())));
  directory
    .command("user <login>")
    .summary("give a login, /realm/uid, an id; for administrators")
    .option("--primary-team <team>", "their first team")
    .action(
      run<{ readonly primaryTeam?: string }>(async (shell, [login = ""], { primaryTeam = null }) =>
        change(await shell.client(), { change: "user.set", login, primaryTeam }),
      ),
    );
  directory
    .command("remove-user <login>")
    .summary("take a login out; for administrators")
    .action(
      run(async (shell, [login = ""]) =>
        change(await shell.client(), { change: "user.removed", login }),
      ),
    );
  directory
    .command("team <name>")
    .summary("give a team an id; for administrators")
    .action(
      run(async (shell, [name = ""]) => change(await shell.client(), { change: "team.set", name })),
    );
};

function commas(text: string): readonly string[] {
  return text.split(",").filter((part) => part !== "");
}

async function change(client: Client, wanted: Change): Promise<Shown> {
  const body = { changes: [wanted] };
  const asked = {
    id: "directory.change",
    method: "POST",
    path: "/directory/changes",
    body,
  } as const;
  const answer = await callAs(client, asked);
  return lines("done", answer);
}

function read(client: Client): Promise<Listing> {
  return callAs(client, { id: "directory.read", path: "/directory" });
}

async function listApps(client: Client): Promise<ShownList> {
  const { apps } = await read(client);
  const rows = apps.map(({ id, code, responsibles, publications }) => ({
    ...{ id, code },
    responsible: responsibles.join(" "),
    published: publications.join(" "),
  }));
  const columns = [
    { key: "id", kind: "number" },
    { key: "code", kind: "name" },
    { key: "responsible" },
    { key: "published" },
  ] as const;
  return { kind: "list", columns, rows, value: apps, empty: "no apps of your teams" };
}

async function listPrivileges(client: Client): Promise<ShownList> {
  const { privileges: rows } = await read(client);
  const columns = [{ key: "privilege" }, { key: "holder", kind: "name" }] as const;
  return { kind: "list", columns, rows, empty: "you have no privileges" };
}

async function listNames(client: Client): Promise<ShownList> {
  const { users, teams } = await read(client);
  const rows = [
    ...users.map(({ id, realm, uid }) => ({ id, kind: "user", name: `${realm}/${uid}` })),
    ...teams.map(({ id, name }) => ({ id, kind: "team", name })),
  ];
  const columns = [
    { key: "id", kind: "number" },
    { key: "kind" },
    { key: "name", kind: "name" },
  ] as const;
  return { kind: "list", columns, rows, value: { users, teams }, empty: "nobody has an id" };
}
