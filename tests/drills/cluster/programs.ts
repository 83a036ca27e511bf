import { join } from "node:path";
import { LocalStackError } from "#local/errors.js";
import { findOnPath, isExecutable } from "#local/processes/launch.js";
import { ensureDebianPackage } from "#local/programs/debian-package.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import type { Tool } from "#local/testing/test-tools.js";

/** Programs of other people that a cluster is made of, all of them Debian's. */
export interface ClusterPrograms {
  readonly etcd: Tool;
  readonly haproxy: Tool;
  /** Python, to be followed by the program's arguments. */
  readonly patroni: Tool & { readonly script: string };
  /** Folder with `postgres`, `pg_basebackup` and `pg_rewind` of one version. */
  readonly postgresBin: string;
}

const POSTGRES_BIN = "/usr/lib/postgresql/15/bin";
const SERVER_PROGRAMS = ["postgres", "initdb", "pg_ctl", "pg_rewind", "pg_basebackup"];

/**
 * @param say - told about downloads
 * @returns the programs: the machine's own, else Debian's packages unpacked into the folder of the test tools
 * @throws LocalStackError when one cannot be had
 */
export async function findClusterPrograms(say: (line: string) => void): Promise<ClusterPrograms> {
  for (const program of ["unshare", "nsenter", "ip", "setpriv"])
    if (findOnPath(program) === null)
      throw new LocalStackError(`${program} is missing: Debian's util-linux and iproute2 have it`);
  const toolsDir = process.env["TEST_TOOLS_DIR"] ?? join(REPOSITORY_ROOT, ".data", "tools");
  const unpack = (name: string) =>
    ensureDebianPackage(name, toolsDir, { withDependencies: true, say });
  const tool = async (name: string, program: string): Promise<Tool> => {
    const { root, env } = await unpack(name);
    return { file: join(root, program), env };
  };
  return {
    etcd: await tool("etcd-server", "usr/bin/etcd"),
    haproxy: await tool("haproxy", "usr/sbin/haproxy"),
    patroni: await findPatroni(unpack),
    postgresBin: await findPostgres(unpack),
  };
}

type Unpack = (
  name: string,
) => Promise<{ root: string; env: { PATH: string; LD_LIBRARY_PATH: string } }>;

/** Its libraries are made for Debian's Python, whatever other one is on the PATH. */
async function findPatroni(unpack: Unpack): Promise<ClusterPrograms["patroni"]> {
  const { root, env } = await unpack("patroni");
  const python = ["/usr/bin/python3", join(root, "usr/bin/python3")].find(isExecutable);
  if (python === undefined) throw new LocalStackError("there is no /usr/bin/python3 for Patroni");
  return {
    file: python,
    script: join(root, "usr/bin/patroni"),
    env: { ...env, PYTHONPATH: join(root, "usr/lib/python3/dist-packages") },
  };
}

/** A machine without them gets the server, with which the clients' programs come along. */
async function findPostgres(unpack: Unpack): Promise<string> {
  const isWhole = (folder: string) =>
    SERVER_PROGRAMS.every((program) => isExecutable(join(folder, program)));
  if (isWhole(POSTGRES_BIN)) return POSTGRES_BIN;
  const { root } = await unpack("postgresql-15");
  const folder = join(root, POSTGRES_BIN);
  if (isWhole(folder)) return folder;
  throw new LocalStackError(
    `neither ${POSTGRES_BIN} nor ${folder} has all of ${SERVER_PROGRAMS.join(", ")}`,
  );
}
