import type { Client } from "../api/client.js";
import { callAs, withQuery, type BodyOf, type Named } from "../api/described-answers.js";
import { UsageFault } from "../exit/faults.js";
import { lines, type Shown } from "../output/shown.js";
import { confirm } from "./ask.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";
import { oneOf, plainWord } from "./words.js";

type Registry = Named<"Registry">;
type Change = BodyOf<"registries.change">;

/** What is not said of a new one. */
const NEW = { url: null, insecure: false, restricted: false, description: "" };

interface FactOptions {
  readonly at?: string;
  readonly insecure?: "yes" | "no";
  readonly restricted?: "yes" | "no";
  readonly description?: string;
}
interface ChangeOptions extends FactOptions {
  readonly publish?: readonly string[];
  readonly responsible?: readonly string[];
}

/** `registries`: those that one token server issues tokens for. */
export const addRegistries: AddCommands = (program, run) => {
  const registries = program
    .command("registries")
    .summary("registries beside this one")
    .description(
      "Registries that the token server issues tokens for, as far as they are published to your teams. Who makes one needs the " +
        "privilege Manager; only teams that are responsible change it.",
    )
    .addHelpText(
      "after",
      examples(
        "wharf registries list",
        "wharf registries create lab.example.org --at https://lab.example.org",
        "wharf registries change lab.example.org --publish alpha beta --restricted yes",
      ),
    );
  registries
    .command("list")
    .alias("ls")
    .summary("all that you see")
    .action(run(async (shell) => listRegistries(await shell.client())));
  registries
    .command("show <service>")
    .summary("one of them")
    .action(
      run(async (shell, [word]) => {
        const path = pathOf(word);
        return shown(await callAs(await shell.client(), { id: "registries.read", path }));
      }),
    );
  withFacts(registries.command("create <service>"))
    .summary("make one; it is your primary team's")
    .action(
      run<FactOptions>(async (shell, [word], options) => {
        const body = { ...NEW, service: plainWord(word, "SERVICE"), ...factsOf(options) };
        const asked = { id: "registries.create", method: "POST", path: "/registries" } as const;
        return shown(await callAs(await shell.client(), { ...asked, body }));
      }),
    );
  withFacts(registries.command("change <service>"))
    .summary("say what is another of it")
    .option(
      "--publish <teams...>",
      "teams that see it, in place of those of before; * is everybody",
    )
    .option("--responsible <teams...>", "teams that change it, in place of those of before")
    .action(
      run<ChangeOptions>(async (shell, [word], options) => {
        const body = changeOf(options);
        if (Object.keys(body).length === 0) throw new UsageFault("nothing is said to be another");
        const asked = { id: "registries.change", method: "PATCH", path: pathOf(word) } as const;
        return shown(await callAs(await shell.client(), { ...asked, body }));
      }),
    );
  registries
    .command("delete <service>")
    .summary("take one away; what it stores stays")
    .option("--yes", "without being asked")
    .action(
      run<{ yes?: boolean }>(async (shell, [word], { yes = false }) => {
        const service = plainWord(word, "SERVICE");
        const what = `take away ${service}, its robots and its stored logins`;
        if (!(await confirm(what, yes))) return null;
        await (await shell.client()).call("DELETE", pathOf(service));
        return lines(`${service} is gone`, { service });
      }),
    );
};

/**
 * @param client - a registry
 * @param term - what is looked for
 * @param limit - how many of each registry at most
 * @returns what all registries have of it; one that did not answer is named below the list
 */
export async function searchAll(client: Client, term: string, limit: number): Promise<Shown> {
  const path = withQuery("/registries/search", { q: term, limit });
  const found = await callAs(client, { id: "registries.search", path, seconds: SEARCH_SECONDS });
  const silent = found.unanswered.map(({ registry, reason }) => `${registry} (${reason})`);
  return {
    kind: "list",
    columns: [
      { key: "registry", kind: "name" },
      { key: "repository", kind: "name" },
      { key: "pulls", kind: "number" },
      { key: "description", drop: 1 },
    ],
    rows: found.items.map(({ name, ...more }) => ({ repository: name, ...more })),
    value: found,
    empty: `nothing is named like ${term}`,
    ...(silent.length === 0 ? {} : { note: `NOT KNOWN of ${silent.join(", ")}` }),
    hasMore: found.more.length > 0,
  };
}

/** Longer than the token server waits for all of them. */
const SEARCH_SECONDS = 20;

async function listRegistries(client: Client): Promise<Shown> {
  const { items } = await callAs(client, { id: "registries.list", path: "/registries" });
  return {
    kind: "list",
    columns: [
      { key: "service", kind: "name" },
      { key: "url" },
      { key: "restricted" },
      { key: "insecure" },
      { key: "publications", drop: 1 },
      { key: "responsibles", drop: 2 },
      { key: "description", drop: 3 },
    ],
    rows: items.map((one) => ({
      ...one,
      publications: one.publications.join(", "),
      responsibles: one.responsibles.join(", "),
    })),
    value: items,
    empty: "no registry is published to any of your teams",
  };
}

function withFacts(command: ReturnType<Parameters<AddCommands>[0]["command"]>) {
  const yesOrNo = oneOf(["yes", "no"]);
  return command
    .option("--at <url>", "where the token server asks its gateway")
    .option("--insecure <yes|no>", "whether its certificate is NOT checked", yesOrNo)
    .option("--restricted <yes|no>", "whether only responsible teams push there", yesOrNo)
    .option("--description <text>", "what it is for");
}

function factsOf({ at, insecure, restricted, description }: FactOptions) {
  return {
    ...(at === undefined ? {} : { url: at }),
    ...(insecure === undefined ? {} : { insecure: insecure === "yes" }),
    ...(restricted === undefined ? {} : { restricted: restricted === "yes" }),
    ...(description === undefined ? {} : { description }),
  };
}

function changeOf({ publish, responsible, ...facts }: ChangeOptions): Change {
  return {
    ...factsOf(facts),
    ...(publish === undefined ? {} : { publications: [...publish] }),
    ...(responsible === undefined ? {} : { responsibles: [...responsible] }),
  };
}

function pathOf(word: string | undefined): string {
  return `/registries/${encodeURIComponent(plainWord(word, "SERVICE"))}`;
}

function shown(registry: Registry): Shown {
  return {
    kind: "record",
    fields: [
      ["service", registry.service],
      ["url", registry.url],
      ["warning", registry.warning],
      ["restricted", registry.restricted],
      ["published to", registry.publications.join(", ")],
      ["responsible", registry.responsibles.join(", ")],
      ["description", registry.description],
      ["made by", registry.createdBy],
      ["made", registry.createdAt, "time"],
      ["changed by", registry.changedBy],
      ["changed", registry.changedAt, "time"],
    ],
    value: registry,
  };
}
