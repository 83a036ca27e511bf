import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

const AUTHENTICATION = ["unset", "off"] as const;
const LOGINS = ["absent", "empty", "robots", "misspelt", "tokeninfo", "htpasswd", "oidc"] as const;
const PUBLIC_READ = ["off", "on"] as const;
const NAMESPACES = ["none", "some"] as const;
const POLICY = ["built-in", "file"] as const;
const ADMINISTRATORS = ["none", "some"] as const;

/** One way to configure who may do what. */
export interface Deployment {
  readonly authentication: (typeof AUTHENTICATION)[number];
  readonly logins: (typeof LOGINS)[number];
  readonly publicRead: (typeof PUBLIC_READ)[number];
  readonly namespaces: (typeof NAMESPACES)[number];
  readonly policy: (typeof POLICY)[number];
  readonly administrators: (typeof ADMINISTRATORS)[number];
}

/** What has to come of a deployment. */
export interface Expected {
  /** Part of the fault at start; `null`: it starts. */
  readonly fault: string | null;
  /** What may be done without a credential. */
  readonly may: string;
}

/** @returns every combination */
export function everyDeployment(): Deployment[] {
  return AUTHENTICATION.flatMap((authentication) =>
    LOGINS.flatMap((logins) =>
      PUBLIC_READ.flatMap((publicRead) =>
        NAMESPACES.flatMap((namespaces) =>
          POLICY.flatMap((policy) =>
            ADMINISTRATORS.map((administrators) => ({
              authentication,
              logins,
              publicRead,
              namespaces,
              policy,
              administrators,
            })),
          ),
        ),
      ),
    ),
  );
}

/**
 * @param deployment - one way to configure
 * @returns what the first row of docs/closed-by-default.md that fits says
 * @throws Error when no row fits
 */
export function expectedOf(deployment: Deployment): Expected {
  const [outcome = "", may = ""] = cellsFor(deployment).slice(-2);
  return { fault: /^refuses: `(.+)`$/.exec(outcome)?.[1] ?? null, may };
}

/** @returns the first row that fits, as a text */
export function rowOf(deployment: Deployment): string {
  return cellsFor(deployment).join();
}

function cellsFor(deployment: Deployment): string[] {
  const { authentication, logins, publicRead, namespaces, policy, administrators } = deployment;
  const values = [authentication, logins, publicRead, namespaces, policy, administrators];
  const row = documentedRows().find((cells) =>
    values.every((value, index) => fits(cells[index] ?? "", value)),
  );
  if (row === undefined) throw new Error(`no row for ${JSON.stringify(deployment)}`);
  return row;
}

/** @returns the rows of the table, as their cells */
export function documentedRows(): string[][] {
  const text = readFileSync(join(REPOSITORY_ROOT, "docs", "closed-by-default.md"), "utf8");
  const lines = text.split("\n").filter((line) => /^\| (?:any|off|unset) +\|/.test(line));
  return lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function fits(cell: string, value: string): boolean {
  return cell === "any" || cell.split(", ").includes(value);
}
