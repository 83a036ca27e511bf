import { readFileSync } from "node:fs";
import type { Client } from "../api/client.js";
import { callAs, type BodyOf } from "../api/described-answers.js";
import { readItems } from "../api/pages.js";
import { inPath, type Reference } from "../api/reference.js";
import { CommandFault } from "../exit/faults.js";
import { EXIT } from "../exit/exit-codes.js";
import { lines, type Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";
import { wholeNumber } from "./words.js";

interface ReportOptions {
  readonly name: string;
  readonly hours: number;
}

/** `in-use` and `report-in-use`: which nodes and services use an image. */
export const addInUse: AddCommands = (program, run) => {
  program
    .command("in-use <reference> [artifact] [tag]")
    .summary("which nodes and services use it")
    .description(
      "Who pulled a repository, a tag, a digest or an image id, and where it is reported to run; latest first. For those who may push there.",
    )
    .option("--limit <number>", "how many at most", wholeNumber("a number", 1_000_000, 1), 1_000)
    .addHelpText(
      "after",
      examples("wharf in-use alpha/app:1.0", "wharf in-use alpha/app@sha256:4fd0… -o json"),
    )
    .action(
      run<{ limit: number }>(async (shell, words, { limit }) =>
        usersShown(await shell.client(), shell.reference(words), limit),
      ),
    );
  program
    .command("report-in-use <file>")
    .summary("say what runs somewhere")
    .description(
      "Reports what runs in a cluster or for a job, for the logins of IN_USE_REPORTERS: a reference in each line of the file, after it the node and the service where that is known. It takes the place of the report before of the same name; - is standard input.",
    )
    .requiredOption("--name <name>", "what it is about: a cluster, a job")
    .option("--hours <number>", "how long it counts", wholeNumber("a number", 720, 1), 24)
    .addHelpText(
      "after",
      examples(
        "wharf report-in-use running.txt --name production",
        'kubectl get pods -A -o jsonpath="{..image}" | tr " " "\\n" | wharf report-in-use - --name k8s',
      ),
    )
    .action(
      run<ReportOptions>(async (shell, [file = "-"], { name, hours }) => {
        const images = imagesIn(textOf(file));
        const body = { name, lifeSeconds: hours * 3_600, images };
        const value = await callAs(await shell.client(), {
          ...{ id: "in-use.report", method: "PUT", path: "/in-use", body },
        });
        for (const reference of value.unknown)
          shell.machine.terminal.err.write(`not known: ${reference}\n`);
        return lines(`${value.taken} in use until ${value.endsAt}`, value);
      }),
    );
};

async function usersShown(
  client: Client,
  { repository, tag, digest }: Reference,
  limit: number,
): Promise<Shown> {
  const path = `/repositories/${inPath(repository)}/in-use`;
  const { items, hasMore } = await readItems<"in-use.list">(client, path, {
    ...{ query: { of: digest ?? tag ?? undefined }, limit },
    scope: `repository:${repository}:pull,push`,
  });
  return {
    kind: "list",
    columns: [
      { key: "lastAt", head: "last", kind: "time" },
      { key: "how" },
      { key: "uid", head: "who" },
      { key: "node" },
      { key: "service" },
      { key: "report", drop: 3 },
      { key: "address", head: "from", drop: 2 },
      { key: "tag" },
      { key: "digest", kind: "digest", drop: 4 },
      { key: "userAgent", head: "with", drop: 1 },
    ],
    ...{ rows: items, empty: "nobody on record", hasMore },
  };
}

function textOf(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new CommandFault(`${file} cannot be read: ${String(error)}`, EXIT.USAGE);
  }
}

/** The same image at the same place once: what lists containers names it again and again. */
function imagesIn(text: string): BodyOf<"in-use.report">["images"] {
  const said = text.split("\n").map((line) => line.trim().split(/\s+/).join(" "));
  return [...new Set(said)]
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [reference = "", node = "", service = ""] = line.split(" ");
      return { reference, node, service };
    });
}
