import { chown, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { portPicker } from "#local/processes/ports.js";
import { createPostgres, type PostgresLogin } from "#local/postgres/postgres.js";
import { makeAuthority, makeLeaf } from "./certificates.js";
import { temporaryFolder } from "./temporary-folder.js";
import { quietly } from "./service-context.js";

/** A Postgres that speaks TLS (and plain), with a certificate for `localhost` alone. */
export interface TlsPostgres {
  readonly login: PostgresLogin;
  /** PEM of the authority of its certificate, and of one that has nothing to do with it. */
  readonly authorityFile: string;
  readonly strangerFile: string;
  stop(): Promise<void>;
}

/** @returns the server, running */
export async function startTlsPostgres(): Promise<TlsPostgres> {
  const folder = await temporaryFolder();
  const secrets = join(folder.path, "secrets");
  await mkdir(secrets);
  const data = join(folder.path, "postgres", "data");
  const [certificate, key] = [join(data, "tls.crt"), join(data, "tls.key")];
  const { login, service } = await createPostgres(
    {
      folder: join(folder.path, "postgres"),
      secrets,
      logFile: join(folder.path, "postgres.log"),
      port: await portPicker().next(),
      settings: { ssl: "on", ssl_cert_file: certificate, ssl_key_file: key },
    },
    quietly(),
  );
  const authority = await makeAuthority();
  const leaf = await makeLeaf(authority, ["localhost"]);
  const authorityFile = join(folder.path, "authority.pem");
  const strangerFile = join(folder.path, "stranger.pem");
  await writeFile(authorityFile, authority.certificatePem);
  await writeFile(strangerFile, (await makeAuthority()).certificatePem);
  await writeFile(certificate, leaf.certificate, { mode: 0o600 });
  await writeFile(key, leaf.key, { mode: 0o600 });
  // Postgres takes a key that is its own user's and nobody else's.
  const { uid, gid } = await stat(data);
  for (const file of [certificate, key]) await chown(file, uid, gid);
  await service.start();
  return {
    login,
    authorityFile,
    strangerFile,
    stop: async () => {
      await service.stop();
      await folder.remove();
    },
  };
}
