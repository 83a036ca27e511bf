import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { decodeJwt } from "jose";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { refuseRobots } from "#token-server/robots/refuse-robots.js";
import { eventually } from "#tests/support/eventually.js";
import { SILENT } from "#tests/support/ledger.js";
import { migratedDatabase } from "#tests/support/migrated-database.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import {
  launchTokenServer,
  startTokenServerProcess,
  type RunningTokenServer,
} from "#tests/support/token-server-process.js";
import {
  documentedRows,
  everyDeployment,
  expectedOf,
  rowOf,
  type Deployment,
} from "./support/deployments.js";
import { TOKEN_SERVER_MIGRATIONS } from "#tests/support/migrations.js";

const HTPASSWD = "htpasswd: { file: users }";
const OIDC =
  "oidc: [{ issuer: http://127.0.0.1:1/issuer, audience: wharfinger, require: anybody, uid: sub }]";
const POLICY = `rules:
  - { id: all, effect: allow, actions: ["*"], repositories: ["**"], who: anyone }
  - { id: list, effect: allow, actions: [catalog], who: anyone }
`;

let postgres: TestPostgres;
let folder: TemporaryFolder;
let withoutRobots: NodeJS.ProcessEnv;
let withRobots: NodeJS.ProcessEnv;

beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = await temporaryFolder();
  await writeFile(join(folder.path, "users"), "");
  await writeFile(join(folder.path, "policy.yaml"), POLICY);
  withoutRobots = environmentFor(await migratedDatabase(postgres, [TOKEN_SERVER_MIGRATIONS]));
  const populated = await migratedDatabase(postgres, [TOKEN_SERVER_MIGRATIONS]);
  await insertRobot(populated);
  withRobots = environmentFor(populated);
});
afterAll(async () => {
  await postgres.stop();
  await folder.remove();
});

describe("a deployment, for whoever has no credential,", () => {
  const all = everyDeployment();
  // All 224 take minutes: the first of each row, and some of the others.
  const rows = all.map((deployment) => rowOf(deployment));
  const chosen = all.filter(
    (_deployment, index) =>
      process.env["ATTACKS"] === "all" ||
      rows.indexOf(rows[index] ?? "") === index ||
      index % 11 === 0,
  );

  test("is on one row of the table at least, whatever it is, and no row is for nobody", () => {
    expect(all).toHaveLength(224);
    expect(new Set(rows)).toEqual(new Set(documentedRows().map((cells) => cells.join())));
  });

  test.each(chosen.map((deployment) => [title(deployment), deployment] as const))(
    "is what the documents say: %s",
    async (_title, deployment) => {
      const { fault, may } = expectedOf(deployment);
      const started = await startTokenServerProcess(await environmentOf(deployment));
      if (!started.started) {
        expect({ fault, code: started.code }).toEqual({ fault: expect.any(String), code: 78 });
        expect(started.output).toContain(fault);
        return;
      }
      try {
        expect(fault).toBeNull();
        expect(await rightsOf(started.url)).toEqual(RIGHTS[may]);
        expect(await makesRobot(started.url)).toBe(false);
      } finally {
        await started.stop();
      }
    },
  );
});

describe("a public read-only mirror", () => {
  test("with namespaces and a policy lets strangers pull below them and nothing else", async () => {
    const file = await loginsFile("mirror", "anonymous: { namespaces: [alpha] }");
    const server = await starting({
      ...withoutRobots,
      HTTP_ALLOW_PUBLIC_READ: "true",
      LOGINS_FILE: file,
      POLICY_FILE: join(folder.path, "policy.yaml"),
    });
    try {
      expect(await rightsOf(server.url)).toEqual(RIGHTS["pull below the namespaces"]);
      expect(server.output()).not.toContain("authentication.off");
    } finally {
      await server.stop();
    }
  });

  test("gives nobody more for a credential that no login knows", async () => {
    const server = await starting({ ...withoutRobots, HTTP_ALLOW_PUBLIC_READ: "true" });
    try {
      for (const credential of [
        "oauth2:x",
        "anonymous:",
        "admin:admin",
        "robot-alpha-ci:x",
        "oidc:x",
      ]) {
        const answer = await ask(
          server.url,
          "/token?service=wharfinger&scope=repository:alpha/app:push",
          credential,
        );
        expect(answer.status).toBe(401);
        const robots = await makesRobot(server.url, credential);
        expect(robots).toBe(false);
      }
    } finally {
      await server.stop();
    }
  });
});

describe("AUTHENTICATION=off", () => {
  test("names everything that it is not compatible with, in one start", async () => {
    const started = await startTokenServerProcess({
      ...withoutRobots,
      AUTHENTICATION: "off",
      HTTP_TOKENINFO_URL: "http://127.0.0.1:1",
      HTTP_TEAM_SERVICE_URL: "http://127.0.0.1:1",
      HTTP_IIDINFO_URL: "http://127.0.0.1:1",
      HTTP_ALLOW_PUBLIC_READ: "true",
      LOGINS_FILE: "logins.yaml",
      POLICY_FILE: "policy.yaml",
      ADMIN_TEAMS: "alpha",
    });
    const faults = started.started ? "" : started.output;
    for (const name of [
      "HTTP_TOKENINFO_URL",
      "HTTP_TEAM_SERVICE_URL",
      "HTTP_IIDINFO_URL",
      "HTTP_ALLOW_PUBLIC_READ",
      "LOGINS_FILE",
      "POLICY_FILE",
      "ADMIN_TEAMS",
    ])
      expect(faults).toContain(`${name}: given together with AUTHENTICATION=off`);
  });

  test.each(["OFF", "false", "none", "no", "0", "disabled"])(
    "is said in these very words, and not as %s",
    async (AUTHENTICATION) => {
      const started = await startTokenServerProcess({ ...withoutRobots, AUTHENTICATION });
      expect(started.started ? "" : started.output).toContain("AUTHENTICATION: given");
    },
  );

  test("does not listen before the database has said that there are no robots", async () => {
    const { port } = postgres.login;
    const subname = (withoutRobots["DB_SUBNAME"] ?? "").replace(`:${port}/`, ":1/");
    const server = launchTokenServer({
      ...withoutRobots,
      DB_SUBNAME: subname,
      AUTHENTICATION: "off",
    });
    const hasTried = () => server.output().includes('"event":"database.migration-failed"');
    await eventually("it has tried to reach the database", hasTried);
    await server.stop();
    expect(server.output()).not.toContain('"event":"listening","listener":"public"');
  });

  test("ends when another token server makes a robot", async () => {
    const config = await migratedDatabase(postgres, [TOKEN_SERVER_MIGRATIONS]);
    const db = openDatabase(config, { name: "test", connections: 1 }, SILENT);
    let ends = 0;
    const end = () => {
      ends += 1;
    };
    let told = 0;
    const log = { warn: () => undefined, fatal: () => (told += 1) };
    const watched = refuseRobots({ db, log, migrated: () => true, end }, 20);
    await watched.start();
    expect(ends).toBe(0);
    await insertRobot(config);
    await eventually("it has noticed", () => told > 0);
    await watched.stop();
    await db.close();
    expect(ends).toBe(1);
  });
});

const RIGHTS: Readonly<Record<string, Rights>> = {
  nothing: { pull: false, pullElsewhere: false, push: false, delete: false, list: false },
  pull: { pull: true, pullElsewhere: true, push: false, delete: false, list: false },
  "pull, list": { pull: true, pullElsewhere: true, push: false, delete: false, list: true },
  "pull below the namespaces": {
    pull: true,
    pullElsewhere: false,
    push: false,
    delete: false,
    list: false,
  },
  "pull, push, delete, list": {
    pull: true,
    pullElsewhere: true,
    push: true,
    delete: true,
    list: true,
  },
};

interface Rights {
  readonly pull: boolean;
  readonly pullElsewhere: boolean;
  readonly push: boolean;
  readonly delete: boolean;
  readonly list: boolean;
}

async function rightsOf(url: string): Promise<Rights> {
  const may = async (scope: string) => (await granted(url, scope)).includes(scope);
  return {
    pull: await may("repository:alpha/app:pull"),
    pullElsewhere: await may("repository:beta/app:pull"),
    push: (await may("repository:alpha/app:push")) || (await may("repository:alpha/app:*")),
    delete: await may("repository:alpha/app:delete"),
    list: await may("registry:catalog:*"),
  };
}

/** What a token that anybody can ask for really holds. */
async function granted(url: string, scope: string): Promise<string[]> {
  const answer = await ask(url, `/token?service=wharfinger&scope=${scope}`);
  if (answer.status !== 200) return [];
  const { token } = (await answer.json()) as { token: string };
  const { access } = decodeJwt<{ access: { type: string; name: string; actions: string[] }[] }>(
    token,
  );
  return access.flatMap(({ type, name, actions }) =>
    actions.map((action) => `${type}:${name}:${action}`),
  );
}

async function makesRobot(url: string, credential?: string): Promise<boolean> {
  const body = {
    name: `r-${randomUUID().slice(0, 8)}`,
    grants: [{ repositories: "alpha/**", actions: ["pull", "push"] }],
  };
  const answer = await ask(url, "/api/v1/teams/alpha/robots", credential, body);
  return answer.ok;
}

function ask(url: string, path: string, credential?: string, body?: object): Promise<Response> {
  const basic = credential === undefined ? undefined : Buffer.from(credential).toString("base64");
  return fetch(url + path, {
    headers: {
      ...(basic === undefined ? {} : { Authorization: `Basic ${basic}` }),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
}

async function environmentOf(deployment: Deployment): Promise<NodeJS.ProcessEnv> {
  const { authentication, logins, publicRead, namespaces, policy, administrators } = deployment;
  const sections = [
    ...(logins === "empty" ? ["oidc: []"] : []),
    ...(logins === "htpasswd" ? [HTPASSWD] : []),
    ...(logins === "oidc" ? [OIDC] : []),
    ...(namespaces === "some" ? ["anonymous: { namespaces: [alpha] }"] : []),
  ];
  return {
    ...(logins === "robots" ? withRobots : withoutRobots),
    ...(authentication === "off" ? { AUTHENTICATION: "off" } : {}),
    ...(logins === "tokeninfo" ? { HTTP_TOKENINFO_URL: "http://127.0.0.1:1/tokeninfo" } : {}),
    ...(logins === "misspelt" ? { HTTP_TOKEN_INFO_URL: "http://127.0.0.1:1/tokeninfo" } : {}),
    ...(publicRead === "on" ? { HTTP_ALLOW_PUBLIC_READ: "true" } : {}),
    ...(sections.length === 0
      ? {}
      : { LOGINS_FILE: await loginsFile(logins + namespaces, ...sections) }),
    ...(policy === "file" ? { POLICY_FILE: join(folder.path, "policy.yaml") } : {}),
    ...(administrators === "some" ? { ADMIN_TEAMS: "admins" } : {}),
  };
}

async function loginsFile(name: string, ...sections: readonly string[]): Promise<string> {
  const file = join(folder.path, `${name}.yaml`);
  await writeFile(file, `${sections.join("\n")}\n`);
  return file;
}

function environmentFor({ host, port, database, user, password }: DatabaseConfig) {
  return {
    DB_SUBNAME: `//${host}:${port}/${database}`,
    DB_USER: user,
    DB_PASSWORD: password.reveal(),
    KEYS_DIR: join(folder.path, "keys"),
  };
}

async function starting(env: NodeJS.ProcessEnv): Promise<RunningTokenServer> {
  const started = await startTokenServerProcess(env);
  if (!started.started) throw new Error(started.output);
  return started;
}

/** As another token server would, with authentication on. */
async function insertRobot(config: DatabaseConfig): Promise<void> {
  const db = openDatabase(config, { name: "test", connections: 1 }, SILENT);
  await db.query(
    `insert into token_server.robot (login, team, name, description, grants, secret_hash, created_by, expires_at)
     values ('robot-alpha-ci', 'alpha', 'ci', '', '[]', 'x', 'alice', now() + interval '1 day')`,
  );
  await db.close();
}

function title(deployment: Deployment): string {
  return Object.entries(deployment)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}
