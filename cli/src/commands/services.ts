import type { Client } from "../api/client.js";
import { callAs, type AnswerOf } from "../api/described-answers.js";
import { lines, type Shown, type ShownList } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";
import { plainWord, wholeNumber } from "./words.js";

type WithSecret = AnswerOf<"services.create">;

/** `services`: logins of what runs, which only pull. */
export const addServices: AddCommands = (program, run) => {
  const services = program
    .command("services")
    .summary("logins of services, which only pull")
    .description("Logins of services of an application, for nodes that pull its images.")
    .addHelpText(
      "after",
      examples(
        "wharf services create shop.example.org --app shop",
        "wharf services rotate shop.example.org --overlap 24",
      ),
    );
  services
    .command("list")
    .alias("ls")
    .summary("those of apps that your teams are responsible for; all for administrators")
    .action(run(async (shell) => listServices(await shell.client())));
  services
    .command("create <name>")
    .summary("make one; its secret is shown once")
    .requiredOption("--app <code>", "its application")
    .option("--workload <login>", "a login by OIDC, /realm/uid, that is this service, too")
    .action(
      run<{ readonly app: string; readonly workload?: string }>(
        async (shell, [name], { app, workload = null }) =>
          createService(await shell.client(), { name: plainWord(name, "NAME"), app, workload }),
      ),
    );
  services
    .command("rotate <name>")
    .summary("give it a new secret")
    .option(
      "--overlap <hours>",
      "how long the old secret stays good",
      wholeNumber("a number of hours", 999),
    )
    .action(
      run<{ readonly overlap?: number }>(async (shell, [name], { overlap = 0 }) =>
        rotateService(await shell.client(), plainWord(name, "NAME"), overlap),
      ),
    );
  services
    .command("delete <name>")
    .summary("let it log in no more")
    .action(
      run(async (shell, [name]) => deleteService(await shell.client(), plainWord(name, "NAME"))),
    );
};

/** @returns services as a table */
async function listServices(client: Client): Promise<ShownList> {
  const { services } = await callAs(client, { id: "directory.read", path: "/directory" });
  const columns = [{ key: "name", kind: "name" }, { key: "app" }, { key: "workload" }] as const;
  return { kind: "list", columns, rows: services, empty: "no services of your apps" };
}

async function createService(
  client: Client,
  body: { readonly name: string; readonly app: string; readonly workload: string | null },
): Promise<Shown> {
  const asked = {
    id: "services.create",
    method: "POST",
    path: "/directory/services",
    body,
  } as const;
  return showSecret(await callAs(client, asked));
}

async function rotateService(client: Client, name: string, overlapHours: number): Promise<Shown> {
  const path = "/directory/services/rotate";
  const body = { name, overlapHours };
  return showSecret(await callAs(client, { id: "services.rotate", method: "POST", path, body }));
}

async function deleteService(client: Client, name: string): Promise<Shown> {
  const path = "/directory/services/delete";
  const asked = { id: "services.delete", method: "POST", path, body: { name } } as const;
  const { service } = await callAs(client, asked);
  return lines(`${service.login} logs in no more`, service);
}

function showSecret({ service, secret }: WithSecret): Shown {
  return lines(
    [`login   ${service.login}`, `secret  ${secret}`, "The secret is not shown again."],
    { login: service.login, secret },
  );
}
