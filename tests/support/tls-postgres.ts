import { chown, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
// @peculiar/x509 resolves its parts by decorators and needs this loaded before it.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { portPicker } from "#local/processes/ports.js";
import { createPostgres, type PostgresLogin } from "#local/postgres/postgres.js";
import {
  generateKeyPem,
  selfSignAuthority,
  type Authority,
} from "#service-kit/signing/certificates.js";
import { temporaryFolder } from "./temporary-folder.js";

/** A Postgres that speaks TLS (and plain), with a certificate for `localhost` alone. */
export interface TlsPostgres {
  readonly login: PostgresLogin;
  /** PEM of the authority of its certificate, and of one that has nothing to do with it. */
  readonly authorityFile: string;
  readonly strangerFile: string;
  stop(): Promise<void>;
}

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR_SECONDS = 3_600;

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
    {
      say: () => undefined,
      started: () => Promise.resolve(),
      stopping: new AbortController().signal,
    },
  );
  const authority = await makeAuthority();
  const leaf = await makeLeaf(authority);
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

async function makeAuthority(): Promise<Authority> {
  const now = Math.floor(Date.now() / 1_000);
  const keyPem = await generateKeyPem();
  const validity = { from: now, to: now + HOUR_SECONDS };
  return { keyPem, certificatePem: await selfSignAuthority(keyPem, validity) };
}

async function makeLeaf(authority: Authority): Promise<{ certificate: string; key: string }> {
  const keys = await webcrypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const issuer = new x509.X509Certificate(authority.certificatePem);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: "02",
    subject: "CN=localhost",
    issuer: issuer.subject,
    notBefore: issuer.notBefore,
    notAfter: issuer.notAfter,
    publicKey: keys.publicKey,
    signingKey: await webcrypto.subtle.importKey(
      "pkcs8",
      x509.PemConverter.decodeFirst(authority.keyPem),
      P256,
      false,
      ["sign"],
    ),
    signingAlgorithm: P256,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }])],
  });
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certificate: certificate.toString("pem"),
    key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY"),
  };
}
