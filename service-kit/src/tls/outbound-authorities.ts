import { readFileSync } from "node:fs";
import * as tls from "node:tls";
import type { EnvReader } from "../config.js";
import { examineFile } from "../examine-file.js";
import type { Logger } from "../log.js";
import type { RefusedFiles } from "../refused-files.js";
import type { Component } from "../run-until-signal.js";
import { certificatesIn } from "../signing/certificates-in.js";
import { watchFile } from "../watch-file.js";

/**
 * Reads `OUTBOUND_CA_FILE`, and looks at what it names.
 *
 * @param read - reader that collects faults
 * @param node - Node's version; absent: this one's
 * @returns the file; `null`: whom Node knows is trusted, and nobody else
 */
export function readOutboundAuthorities(
  read: EnvReader,
  node = process.versions.node,
): string | null {
  const file = read.optionalText("OUTBOUND_CA_FILE", {
    meaning:
      "a company's own authorities, trusted beside those that Node knows by all that the process asks by TLS; followed while it changes (docs/tls.md#what-wharfinger-asks-itself)",
    wanted: "PEM file",
  });
  if (file === null) return null;
  if (!("setDefaultCACertificates" in tls))
    read.fault("OUTBOUND_CA_FILE", `wants Node 24.5 or later, this is ${node}`);
  examineFile(read, "OUTBOUND_CA_FILE", file, (text) => certificatesIn(text, file));
  return file;
}

/**
 * For a command, which ends before the file changes.
 *
 * @param file - see {@link readOutboundAuthorities}
 */
export function trustOutboundAuthorities(file: string | null): void {
  if (file !== null) trust(tls.getCACertificates("default"), readFileSync(file, "utf8"), file);
}

/**
 * All connections that are made from now on trust them, whoever makes them: agents, the SDK of AWS, LDAP, and Postgres where it has
 * no authorities of its own.
 *
 * @param file - see {@link readOutboundAuthorities}
 * @param deps - log, and where refused files are noted
 * @returns what follows the file; `null`: there is none
 * @throws YamlFileError when it cannot be used at the start
 */
export async function followOutboundAuthorities(
  file: string | null,
  { log, files }: { readonly log: Logger; readonly files: RefusedFiles },
): Promise<Component | null> {
  if (file === null) return null;
  const known = tls.getCACertificates("default");
  const noteFile = files.follow(file);
  const watched = await watchFile(file, {
    load: (text) => {
      trust(known, text, file);
    },
    onRefused: (faults) => {
      log.error({ event: "outbound-authorities.refused", file, faults });
    },
    onOutcome: (outcome) => {
      noteFile(outcome);
      log.info({ event: "outbound-authorities.changed", file, outcome });
    },
  });
  return {
    name: "outbound authorities",
    start: () => Promise.resolve(),
    stop: () => {
      watched.stop();
      return Promise.resolve();
    },
  };
}

function trust(known: readonly string[], text: string, file: string): void {
  const own = certificatesIn(text, file).map(String);
  tls.setDefaultCACertificates([...known, ...own]);
}
