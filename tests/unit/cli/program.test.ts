import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { candidates } from "../../../cli/src/completion/candidates.js";
import { settingsFolder } from "../../../cli/src/config/places.js";
import { dockerStore } from "../../../cli/src/login/docker-store.js";
import { ownStore } from "../../../cli/src/login/own-store.js";
import { makeProgram, runProgram } from "../../../cli/src/program.js";
import { VERSION } from "../../../cli/src/version.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

function surroundings(written: { out: string; err: string }, env: NodeJS.ProcessEnv = {}) {
  const into = (name: "out" | "err") => ({ write: (text: string) => (written[name] += text) });
  const own = ownStore(folder.path);
  return {
    env,
    platform: "linux",
    terminal: {
      ...{ out: into("out"), err: into("err"), isInteractive: false, showsProgress: false },
      ...{ width: 80, hasColours: false },
    },
    settingsFile: join(folder.path, "config.json"),
    docker: dockerStore({ file: join(folder.path, "docker.json"), env, own }),
    own,
    readInput: () => Promise.resolve(""),
    version: VERSION,
  };
}

async function wharf(words: string, env?: NodeJS.ProcessEnv) {
  const written = { out: "", err: "" };
  const code = await runProgram(surroundings(written, env), words.split(" "));
  return { code, ...written };
}

describe("a mistake on the command line ends with 2, and the nearest right word is named", () => {
  test.each([
    ["toknes list", "Did you mean tokens?"],
    ["robots lsit alpha", "Did you mean list?"],
    ["tokens list --oputput json", "Did you mean --output?"],
    ["tokens list -o jsno", "Did you mean json?"],
    ["explain push", "missing required argument 'repository'"],
    ["robots create alpha ci --days soon", "Wanted a number of days"],
    ["context use absent", "there is no context"],
    ["tokens list", "no gateway: give --url or set WHARF_URL"],
  ])("wharf %s", async (words, said) => {
    const { code, out, err } = await wharf(words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^wharf: /);
    expect(err).toContain(said);
  });
});

test("a gateway that cannot be reached ends it with 1, and says where to look", async () => {
  const { code, err } = await wharf("tokens list --url http://127.0.0.1:9", {
    WHARF_TOKEN: "secret",
  });
  expect(code).toBe(1);
  expect(err).toMatch(/^wharf: cannot reach http:\/\/127\.0\.0\.1:9: .*\n {2}wharf doctor/);
  expect(err).not.toContain("secret");
});

describe("help", () => {
  const program = () => makeProgram(surroundings({ out: "", err: "" }));
  const all = [...commandsOf(makeProgramForNames())];

  test.each(all)("of %s fits 80 columns", async (name) => {
    const { code, out } = await wharf(`${name} --help`.trim());
    expect(code).toBe(0);
    const long = out.split("\n").filter((line) => line.length > 80 && !line.startsWith("  $ "));
    expect(long).toEqual([]);
  });

  test("has examples for every command at the top, and they are commands that there are", () => {
    for (const { commands } of [program()])
      for (const command of commands.filter(
        (one) => !["help", "__complete"].includes(one.name()),
      )) {
        const written = { out: "" };
        command.configureOutput({ writeOut: (text) => (written.out += text) });
        command.outputHelp();
        const examples = [...written.out.matchAll(/^ {2}\$ .*wharf ([a-z-]+)/gm)].map(
          ([, name]) => name,
        );
        expect([command.name(), examples.includes(command.name())]).toEqual([command.name(), true]);
      }
  });

  function makeProgramForNames() {
    return makeProgram({
      ...{ env: {}, platform: "linux", settingsFile: "", version: VERSION },
      ...({} as Parameters<typeof makeProgram>[0]),
      terminal: {
        ...{ out: process.stdout, err: process.stderr, isInteractive: false, showsProgress: false },
        ...{ width: 80, hasColours: false },
      },
    });
  }

  function* commandsOf(command: ReturnType<typeof makeProgram>, path = ""): Iterable<string> {
    yield path;
    for (const child of command.commands)
      if (child.name() !== "__complete") yield* commandsOf(child, `${path} ${child.name()}`.trim());
  }
});

describe("completion", () => {
  const words = async (typed: string) => {
    const program = makeProgram(surroundings({ out: "", err: "" }));
    const values = (name: string) => Promise.resolve(name === "--context" ? ["prod"] : []);
    return (await candidates(program, typed.split(" "), values)).map(({ word }) => word);
  };

  test("knows commands, commands below them, options and their values", async () => {
    expect(await words("tok")).toEqual(["tokens"]);
    expect(await words("robots ro")).toEqual(["rotate"]);
    expect(await words("robots rotate alpha ci --ov")).toEqual(["--overlap"]);
    expect(await words("tokens list --context ")).toEqual(["prod"]);
    expect(await words("--context prod tokens re")).toEqual(["revoke"]);
    expect(await words("__")).toEqual([]);
  });

  test.each(["bash", "zsh", "fish"])("is written for %s", async (shell) => {
    expect((await wharf(`completion ${shell}`)).out).toContain("wharf __complete");
  });
});

test("the version is the package's", async () => {
  const { version } = JSON.parse(
    readFileSync(join(REPOSITORY_ROOT, "cli/package.json"), "utf8"),
  ) as {
    version: string;
  };
  expect((await wharf("--version")).out).toBe(`${version}\n`);
});

test("settings are where the system keeps such", () => {
  expect(settingsFolder({ HOME: "/h" }, "linux")).toBe("/h/.config/wharf");
  expect(settingsFolder({ HOME: "/h", XDG_CONFIG_HOME: "/x" }, "linux")).toBe("/x/wharf");
  expect(settingsFolder({ HOME: "/h" }, "darwin")).toBe("/h/Library/Application Support/wharf");
  expect(settingsFolder({ HOME: "/h", WHARF_CONFIG_DIR: "/own" }, "darwin")).toBe("/own");
});

describe("contexts", () => {
  test("are named, listed, chosen and forgotten, with no secret in their file", async () => {
    await wharf("context add prod https://registry.example.org");
    await wharf("context add test 127.0.0.1:8080");
    expect((await wharf("context list -o tsv")).out).toBe(
      "prod\thttps://registry.example.org\tdocker\ttrue\ntest\thttp://127.0.0.1:8080\tdocker\tfalse\n",
    );
    await wharf("context use test");
    expect((await wharf("context show -o json", { WHARF_TOKEN: "anna:secret" })).out).toContain(
      '"user": "anna"',
    );
    expect((await wharf("context show --context prod")).out).toContain("registry.example.org");
    await wharf("context remove test");
    expect(readFileSync(join(folder.path, "config.json"), "utf8")).not.toContain("8080");
  });
});
