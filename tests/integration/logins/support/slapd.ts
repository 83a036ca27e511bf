import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "ldapts";
import type { UnpackedPackage } from "#local/programs/debian-package.js";
import { portPicker } from "#local/processes/ports.js";
import { waitUntil } from "#local/processes/wait.js";
import { findDebianPackage } from "#tests/support/debian-package.js";

const run = promisify(execFile);

export const BASE = "dc=example,dc=org";
const ADMIN = { dn: `cn=admin,${BASE}`, password: "admin-password" };
export const SEARCHER = { dn: `cn=search,${BASE}`, password: "search-password" };

/** Searches too, and is given 100 entries in all. */
export const LIMITED = { dn: `cn=limited,${BASE}`, password: "limited-password" };

/** A directory server of its own, with nothing in it but the base. */
export interface Slapd {
  readonly url: string;
  readonly tlsUrl: string;
  /** Certificate that its own is verified by. */
  readonly caFile: string;
  /** Adds an entry below the base. */
  add(name: string, attributes: Record<string, string | string[]>): Promise<void>;
  /** Removes an entry below the base. */
  remove(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** @returns Debian's slapd, downloaded when need be, or the reason why it cannot be had */
export const findSlapd = () => findDebianPackage("slapd");

/**
 * @param slapd - the package
 * @param folder - empty; for configuration and data
 * @returns a running server on free ports of the loopback
 */
export async function startSlapd(slapd: UnpackedPackage, folder: string): Promise<Slapd> {
  await makeCertificate(folder);
  await mkdir(join(folder, "data"));
  const config = join(folder, "slapd.conf");
  await writeFile(config, configuration(slapd.root, folder));
  const ports = portPicker();
  const url = `ldap://127.0.0.1:${await ports.next()}`;
  const tlsUrl = `ldaps://127.0.0.1:${await ports.next()}`;
  const program = join(slapd.root, "usr/sbin/slapd");
  const child = spawn(program, ["-f", config, "-h", `${url} ${tlsUrl}`, "-d", "0"], {
    env: slapd.env,
    stdio: "ignore",
  });
  const server: Slapd = {
    url,
    tlsUrl,
    caFile: join(folder, "server.crt"),
    add: (name, attributes) =>
      asAdmin(url, (client) => client.add(name === "" ? BASE : `${name},${BASE}`, attributes)),
    remove: (name) => asAdmin(url, (client) => client.del(`${name},${BASE}`)),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
  const isUp = () => asAdmin(url, () => Promise.resolve(true)).catch(() => false);
  if (!(await waitUntil(isUp, { withinMs: 30_000, everyMs: 20 })))
    throw new Error("slapd did not start");
  await server.add("", { objectClass: ["dcObject", "organization"], dc: "example", o: "Example" });
  return server;
}

async function asAdmin<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ url, timeout: 5_000, connectTimeout: 5_000 });
  try {
    await client.bind(ADMIN.dn, ADMIN.password);
    return await use(client);
  } finally {
    await client.unbind();
  }
}

async function makeCertificate(folder: string): Promise<void> {
  const names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", "server.key", "-out", "server.crt"];
  await run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...names, ...files], {
    cwd: folder,
  });
}

/** `bind_anon_dn` lets a bind with an empty password succeed, as many directories do. */
function configuration(root: string, folder: string): string {
  const schemas = ["core", "cosine", "inetorgperson", "nis"];
  return [
    ...schemas.map((name) => `include ${root}/etc/ldap/schema/${name}.schema`),
    `modulepath ${root}/usr/lib/ldap`,
    "moduleload back_mdb",
    "moduleload memberof",
    "allow bind_anon_dn",
    `pidfile ${folder}/slapd.pid`,
    `TLSCertificateFile ${folder}/server.crt`,
    `TLSCertificateKeyFile ${folder}/server.key`,
    "database mdb",
    `suffix "${BASE}"`,
    `rootdn "${ADMIN.dn}"`,
    `rootpw ${ADMIN.password}`,
    `directory ${folder}/data`,
    "overlay memberof",
    "memberof-group-oc groupOfNames",
    "access to attrs=userPassword by anonymous auth by * none",
    `access to * by dn.exact="${SEARCHER.dn}" read by dn.exact="${LIMITED.dn}" read by anonymous auth by * none`,
    // At once 100 entries, as others' directories 1,000; in all as many as there are.
    `limits dn.exact="${SEARCHER.dn}" size.soft=100 size.hard=100 size.pr=100 size.prtotal=unlimited`,
    `limits dn.exact="${LIMITED.dn}" size.soft=100 size.hard=100`,
    "",
  ].join("\n");
}
