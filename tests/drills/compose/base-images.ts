import { existsSync } from "node:fs";
import { chmod, cp, mkdir, realpath, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findOnPath } from "#local/processes/launch.js";
import { testTools } from "#tests/support/tools.js";
import type { Engine } from "./engine.js";
import type { Programs } from "./programs.js";
import { must } from "./step.js";

/**
 * The images that deploy/ begins with, made here of Debian's packages and of what the tests run: a machine without a way to a
 * registry of others has them, too.
 */
const ROOTS = {
  plain: { suite: "bookworm", packages: ["ca-certificates"] },
  services: { suite: "sid", packages: ["haproxy", "postgresql", "postgresql-client"] },
} as const;

type Root = keyof typeof ROOTS;

/** As postgres:17 begins: makes the cluster where there is none, with the superuser's password from a file. */
const POSTGRES_ENTRY = `#!/bin/bash
set -e
export PGDATA=/var/lib/postgresql/data PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
mkdir -p "$PGDATA" /var/run/postgresql
chown -R postgres "$PGDATA" /var/run/postgresql
chmod 700 "$PGDATA"
as() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
if [ ! -e "$PGDATA/PG_VERSION" ]; then
  install -o postgres -m 0600 "$POSTGRES_PASSWORD_FILE" /tmp/password
  as initdb -U "$POSTGRES_USER" --pwfile /tmp/password --auth-host scram-sha-256 --auth-local trust
  rm /tmp/password
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  as pg_ctl -w -o "-c listen_addresses=''" start
  as psql -U "$POSTGRES_USER" -d postgres -c "create database $POSTGRES_DB"
  as pg_ctl -w stop
fi
exec setpriv --reuid postgres --regid postgres --init-groups postgres -c "listen_addresses=*"
`;

/**
 * Makes a root of Debian's, once; it stays for the next time.
 *
 * @param programs - debootstrap, and where packages come from
 * @param folder - that it stays in
 * @param name - which
 * @returns its archive
 */
async function ensureRoot(programs: Programs, folder: string, name: Root): Promise<string> {
  const archive = join(folder, `${name}.tar`);
  if (existsSync(archive)) return archive;
  const { suite, packages } = ROOTS[name];
  const root = join(folder, `${name}.root`);
  await rm(root, { recursive: true, force: true });
  const { file, env } = programs.debootstrap;
  const args = [
    "--variant=minbase",
    `--include=${packages.join(",")}`,
    suite,
    root,
    programs.mirror,
  ];
  await must({ file, args, env: { ...process.env, ...env } }, 15);
  // What a package's own script made of a database is no part of an image.
  const without = [
    "./var/lib/postgresql/*",
    "./var/cache/apt/*",
    "./var/lib/apt/lists/*",
    "./proc/*",
  ];
  const made = [
    "-C",
    root,
    ...without.flatMap((path) => ["--exclude", path]),
    "-cf",
    `${archive}.new`,
    ".",
  ];
  await must({ file: "tar", args: made, env: process.env });
  await rename(`${archive}.new`, archive);
  await rm(root, { recursive: true });
  return archive;
}

/** Node of the tests, npm of this machine, and the authorities that it trusts. */
async function writeNode(folder: string): Promise<void> {
  const own = join(folder, "own/usr/local");
  const npm = dirname(dirname(await realpath(findOnPath("npm") ?? "")));
  await mkdir(join(own, "bin"), { recursive: true });
  await cp(process.execPath, join(own, "bin/node"));
  await cp(npm, join(own, "lib/node_modules/npm"), { recursive: true });
  const { NODE_EXTRA_CA_CERTS: authorities = "/etc/ssl/certs/ca-certificates.crt" } = process.env;
  await cp(authorities, join(own, "share/authorities.pem"));
  const links = ["npm", "npx"].map((name) => `ln -s ../lib/node_modules/npm/bin/${name}-cli.js /usr/local/bin/${name}`); // prettier-ignore
  await writeDockerfile(folder, [
    "FROM debian:plain",
    "COPY own/ /",
    `RUN useradd -m -u 1000 -U -s /bin/bash node && ${links.join(" && ")}`,
    "ENV NODE_EXTRA_CA_CERTS=/usr/local/share/authorities.pem",
    'CMD ["node"]',
  ]);
}

async function writeRegistry(folder: string): Promise<void> {
  const { registry } = testTools();
  if (registry.kind !== "binary") throw new Error("REGISTRY_BIN: the drill needs a binary");
  await cp(registry.file, join(folder, "registry"));
  await writeFile(join(folder, "entrypoint.sh"), '#!/bin/sh\nexec registry serve "$1"\n');
  await chmod(join(folder, "entrypoint.sh"), 0o755);
  await writeDockerfile(folder, [
    "FROM debian:plain",
    "COPY registry /bin/registry",
    "COPY entrypoint.sh /entrypoint.sh",
    'VOLUME ["/var/lib/registry"]',
    "EXPOSE 5000",
    'ENTRYPOINT ["/entrypoint.sh"]',
    'CMD ["/etc/docker/registry/config.yml"]',
  ]);
}

async function writePostgres(folder: string): Promise<void> {
  await writeFile(join(folder, "entry.sh"), POSTGRES_ENTRY);
  await chmod(join(folder, "entry.sh"), 0o755);
  await writeDockerfile(folder, [
    "FROM debian:services",
    "COPY entry.sh /entry.sh",
    // As the real one: by SIGTERM Postgres would wait until everybody has gone.
    "STOPSIGNAL SIGINT",
    'ENTRYPOINT ["/entry.sh"]',
  ]);
}

async function writeHaproxy(folder: string): Promise<void> {
  await writeDockerfile(folder, [
    "FROM debian:services",
    "USER haproxy",
    // As the real one: what is under way comes to its end.
    "STOPSIGNAL SIGUSR1",
    'CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]',
  ]);
}

async function writeDockerfile(folder: string, lines: readonly string[]): Promise<void> {
  await writeFile(join(folder, "Dockerfile"), `${lines.join("\n")}\n`);
}

const WRITERS: Readonly<Record<string, (folder: string) => Promise<void>>> = {
  node: writeNode,
  registry: writeRegistry,
  postgres: writePostgres,
  haproxy: writeHaproxy,
};

/**
 * @param programs - debootstrap, and where packages come from
 * @param engine - gets the images
 * @param folders - for roots that stay, and for what goes with the engine
 * @param names - as deploy/ names them, with their tags
 */
export async function makeBaseImages(
  programs: Programs,
  engine: Engine,
  folders: { readonly kept: string; readonly work: string },
  names: readonly string[],
): Promise<void> {
  for (const root of Object.keys(ROOTS) as Root[])
    await engine.docker([
      "import",
      await ensureRoot(programs, folders.kept, root),
      `debian:${root}`,
    ]);
  for (const name of names) {
    const [product = ""] = name.split(":");
    const write = WRITERS[product];
    if (write === undefined) throw new Error(`nothing here is a ${name}`);
    const context = join(folders.work, "images", name);
    await mkdir(context, { recursive: true });
    await write(context);
    // The engine's own builder takes what was imported for what it is, and asks nobody for it.
    await engine.docker(["build", "-q", "-t", name, context], 10, { DOCKER_BUILDKIT: "0" });
  }
}
