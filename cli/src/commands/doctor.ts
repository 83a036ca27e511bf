import { createClient } from "../api/client.js";
import { statSync } from "node:fs";
import { checkReady, checkRegistry } from "../checks/gateway.js";
import { bad, good, type Finding } from "../checks/finding.js";
import { checkLogin, checkToken } from "../checks/login.js";
import { checkCertificate, checkName, checkProxy } from "../checks/network.js";
import { dockerConfigFile } from "../config/places.js";
import { EXIT } from "../exit/exit-codes.js";
import { authorizationOf, basicOf, type Login } from "../login/login.js";
import { lines, type Form, type Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import { asWords, runBeside, withInstallation, type InstallationOption } from "./installation.js";
import type { AddCommands, Shell } from "./shell.js";

/** `doctor`. */
export const addDoctor: AddCommands = (program, run) => {
  withInstallation(program.command("doctor"))
    .summary("what is wrong with a deployment, or with a login")
    .description(
      "Looks at a deployment from here: name, TLS, proxy, whether it answers as a registry, where it sends clients for tokens, " +
        "clocks, its database, registry, storage and keys, and the login that counts. Each finding with what to do. Ends with 6 " +
        "when one is bad. With --inside it looks from where the installation is, as npm run doctor: at Postgres, the registry and its " +
        "configuration, S3, the webhook, names and proxies.",
    )
    .option("--inside", "from where the gateway is, with its variables")
    .option("--registry-config <file>", "inside: configuration file of the registry")
    .option("--registry-program <file>", "inside: program of the registry, which tells its version")
    .addHelpText(
      "after",
      examples(
        "wharf doctor",
        "wharf doctor --url https://registry.example.org -o json",
        "wharf doctor --inside --registry-config /etc/distribution/config.yml",
      ),
    )
    .action(
      run<InsideOptions>((shell, _words, options) =>
        options.inside === true || options.installation !== undefined
          ? fromInside(shell, options)
          : examined(shell),
      ),
    );
};

interface InsideOptions extends InstallationOption {
  readonly inside?: boolean;
  readonly registryConfig?: string;
  readonly registryProgram?: string;
}

function fromInside(shell: Shell, options: InsideOptions): Promise<null> {
  const words = asWords({ ...options, inside: false, json: shell.globals.output === "json" });
  return runBeside(shell, "doctor", words, { ...options, failsWith: EXIT.VERIFICATION });
}

async function examined(shell: Shell): Promise<Shown> {
  const { url } = shell.target();
  const { env } = shell.machine;
  const { finding, login } = await checkLogin(() => shell.login());
  const anonymous = clientFor(shell, url, null);
  const rows: Finding[] = [
    await checkName(url),
    checkProxy(url, env),
    await checkCertificate(url),
    ...(await checkRegistry(anonymous)),
    ...(await checkReady(anonymous)),
    checkPlaces(env),
    finding,
    ...(login === null ? [] : [await checkToken(clientFor(shell, url, login))]),
  ];
  if (rows.some(({ state }) => state === "bad")) process.exitCode = EXIT.VERIFICATION;
  const value = { url, findings: rows };
  // What is to be done is no cell of a table: it would be cut.
  if (formOf(shell) === "table") return lines(rows.flatMap(linesOf), value);
  return {
    kind: "list",
    columns: [
      { key: "state", kind: "name" },
      { key: "check", kind: "name" },
      { key: "found" },
      { key: "todo", head: "what to do" },
    ],
    rows: rows.map((row) => ({ ...row })),
    ...{ value, empty: "" },
  };
}

function formOf({ globals, machine: { terminal } }: Shell): Form {
  return globals.output ?? (terminal.isInteractive ? "table" : "tsv");
}

function linesOf({ state, check, found, todo }: Finding): string[] {
  const line = `${state.padEnd(4)}  ${check}: ${found}`;
  return todo === null ? [line] : [line, `      → ${todo}`];
}

function clientFor(shell: Shell, url: string, login: Login | null) {
  const credentials =
    login === null ? null : { authorization: authorizationOf(login), basic: basicOf(login) };
  // `/token` takes Basic alone.
  return createClient({
    ...{ url, agent: `wharf/${shell.machine.version}` },
    credentials: credentials === null ? null : { ...credentials, authorization: credentials.basic },
  });
}

function checkPlaces(env: NodeJS.ProcessEnv): Finding {
  const file = dockerConfigFile(env);
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) return good("docker's store", `${file} is not there yet`);
  if ((mode & 0o077) === 0) return good("docker's store", `${file} is for its owner alone`);
  return bad("docker's store", `others can read ${file}`, `chmod 600 ${file}`);
}
