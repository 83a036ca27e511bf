import type { TlsServing } from "../http/tls-serving.js";
import type { Logger } from "../log.js";
import type { RefusedFiles } from "../refused-files.js";
import type { Opened } from "../run-until-signal.js";
import { watchFile } from "../watch-file.js";
import { YamlFileError } from "../yaml-file.js";
import { sourceOf, textOf, type CertificateFiles } from "./certificate-files.js";
import { certificatePair, type CertificatePair } from "./certificate-pair.js";

/** What a listener proves itself by, kept up to date while the process runs. */
export interface ServedCertificate extends Opened {
  readonly serving: TlsServing;
  /** @returns when it ends, in seconds since the epoch; `null`: there is none yet */
  readonly endsAt: () => number | null;
}

/** What following certificate files needs. */
export interface CertificateDeps {
  readonly log: Logger;
  readonly files: RefusedFiles;
  /** Clock, in milliseconds. */
  readonly now: () => number;
  /** Absent: as every file that is followed. */
  readonly every?: (milliseconds: number, run: () => Promise<void>) => () => void;
}

/**
 * A pair that cannot be used, or has ended while the one before has not, keeps the one before; `followed_file_refused` and
 * the log say so.
 *
 * @param files - where certificate and key are
 * @param deps - log, clock, and where refused files are noted
 * @returns the certificate, followed while its files change
 * @throws YamlFileError when they cannot be used at the start
 */
export async function followCertificate(
  files: CertificateFiles,
  deps: CertificateDeps,
): Promise<ServedCertificate> {
  const { log, now } = deps;
  const source = sourceOf(files);
  const noteFile = deps.files.follow(files.certificateFile);
  const listeners: (() => void)[] = [];
  let pair: CertificatePair | null = null;
  const watched = await watchFile(source, {
    load: (text) => {
      const next = certificatePair(text, source);
      if (pair !== null && next.endsAt < Math.min(pair.endsAt, now() / 1000))
        throw new YamlFileError([`${source}: has ended, and earlier than the one before`]);
      pair = next;
      return next;
    },
    readText: () => textOf(files),
    ...(deps.every && { every: deps.every }),
    onRefused: (faults) => {
      const message = "the certificate before is still served";
      log.error({ event: "tls.certificate-refused", faults, message });
    },
    onOutcome: (outcome) => {
      noteFile(outcome);
      if (outcome === "refused") return;
      log.info({ event: "tls.certificate-changed", ...describe(watched.current()) });
      for (const listener of listeners) listener();
    },
  });
  const following = {
    name: "certificate",
    start: () => {
      log.info({ event: "tls.certificate", ...describe(watched.current()) });
      return Promise.resolve();
    },
    stop: () => {
      watched.stop();
      return Promise.resolve();
    },
  };
  return {
    serving: { current: () => watched.current(), onChange: (listener) => listeners.push(listener) },
    endsAt: () => watched.current().endsAt,
    parts: [following],
  };
}

/**
 * @param pair - what a listener proves itself by
 * @returns what logs say of it
 */
export function describe({ leaf, endsAt }: CertificatePair) {
  return {
    names: leaf.subjectAltName ?? leaf.subject,
    issuer: leaf.issuer.replaceAll("\n", ", "),
    endsAt: new Date(endsAt * 1000).toISOString(),
  };
}
