import type { KeyObject, X509Certificate } from "node:crypto";
import { stat } from "node:fs/promises";
import { ConfigError } from "../config.js";
import type { Logger } from "../log.js";
import type { Component } from "../run-until-signal.js";
import type { Secret } from "../secret.js";
import { endOfChain, endWarner, usable } from "./key-end.js";
import {
  keyNames,
  keysReadableByOthers,
  readKeyFolder,
  type DatedKey,
  type KeyFolder,
} from "./key-folder.js";
import { isReadableByOthers } from "./key-mode.js";
import { activeKey, publishedKeys } from "./key-schedule.js";
import {
  assembleSigningKey,
  parseCertificates,
  parsePrivateKeys,
  type SigningKey,
} from "./signing-key.js";

/** Where a service's signing keys come from. */
export interface KeyRingConfig extends KeyFolder {
  /** Keys given from outside, in PEM form; the first signs, all are published. `null`: made here. */
  readonly givenKeys: (() => Secret) | null;
  /** File that the given keys came from, to warn when others can read it. */
  readonly givenKeysFile: string | null;
  /** PEM file with the given keys' certificates; `null`: they need none. */
  readonly certificatesFile: (() => string) | null;
  /** Seconds that a token of an old key lives after the key was replaced. */
  readonly retainSeconds: number;
}

/** A key as logs name it. */
export interface KeyDescription {
  readonly name: string;
  readonly keyId: string;
  /** When it begins to sign: a time, `ever` or `never`. */
  readonly signsFrom: string;
  /** When its certificate ends; `null`: it needs none. */
  readonly endsAt: string | null;
}

/** The signing keys of a service, kept up to date while it runs. */
export interface KeyRing extends Component {
  /** Folder for keys made here. */
  readonly directory: string;
  /** @returns the key to sign with now */
  active(): SigningKey;
  /** @returns the keys that verifiers have to know now */
  published(): SigningKey[];
  /** @returns all keys there are, oldest first */
  describe(): KeyDescription[];
  /** @param listener - called whenever keys have come or gone */
  onChange(listener: () => void): void;
  /** Reads the keys again; keeps the ones it has when that fails. */
  reload(): Promise<void>;
}

const RELOAD_MILLISECONDS = 2_000;

/**
 * Opens a service's keys and watches them: a key that is added takes part in the signing without a restart.
 *
 * @param config - where keys are
 * @param deps - clock in milliseconds, and log
 * @returns the ring, with keys in it
 * @throws ConfigError that names the variable and the file, when a key cannot be used at start
 */
export async function openKeyRing(
  config: KeyRingConfig,
  deps: { readonly now: () => number; readonly log: Logger },
): Promise<KeyRing> {
  let keys = await openKeys(config, deps.log);
  // Read anew: the first load may have made the first key.
  let source = await readSource(config);
  let timer: NodeJS.Timeout | undefined;
  let changed = (): void => undefined;
  const seconds = () => Math.floor(deps.now() / 1000);
  const reload = async (): Promise<void> => {
    try {
      const found = await readSource(config);
      if (found.fingerprint === source.fingerprint) return;
      keys = await found.load();
      source = found;
      deps.log.info({ event: "keys.changed", owner: config.owner, keys: describe(keys) });
      changed();
    } catch (error) {
      deps.log.error({ event: "keys.unreadable", owner: config.owner, err: error });
    }
  };
  const warnOfEnd = endWarner(config.owner, deps);
  const look = () => {
    void reload();
    warnOfEnd(keys);
  };
  const onHangup = () => void reload();
  return {
    name: "signing keys",
    directory: config.directory,
    active: () => activeKey(usable(keys, seconds()), seconds()).key,
    published: () => publishedKeys(keys, seconds(), config.retainSeconds).map(({ key }) => key),
    describe: () => describe(keys),
    onChange: (listener) => {
      changed = listener;
    },
    reload,
    start: () => {
      timer = setInterval(look, RELOAD_MILLISECONDS);
      process.on("SIGHUP", onHangup);
      return Promise.resolve();
    },
    stop: () => {
      clearInterval(timer);
      process.off("SIGHUP", onHangup);
      return Promise.resolve();
    },
  };
}

async function openKeys(config: KeyRingConfig, log: Logger): Promise<DatedKey[]> {
  try {
    await warnIfReadableByOthers(config, log);
    return await (await readSource(config)).load();
  } catch (error) {
    const given = config.givenKeysFile === null ? "SIGNING_KEY" : "SIGNING_KEY_FILE";
    const variable = config.givenKeys === null ? "KEYS_DIR" : given;
    const fault = error instanceof Error ? error.message : String(error);
    throw new ConfigError([fault.startsWith(`${variable}: `) ? fault : `${variable}: ${fault}`]);
  }
}

/** Keys as they stand now; making them is worth it only when the fingerprint has changed. */
interface KeySource {
  readonly fingerprint: string;
  load(): Promise<DatedKey[]>;
}

async function readSource(config: KeyRingConfig): Promise<KeySource> {
  if (config.givenKeys === null)
    return {
      fingerprint: (await keyNames(config.directory, config.owner)).join(),
      load: () => readKeyFolder(config),
    };
  const pem = config.givenKeys().reveal();
  const certificates = config.certificatesFile?.() ?? null;
  return {
    fingerprint: `${pem}${certificates ?? ""}`,
    load: () => loadGivenKeys(config, pem, certificates),
  };
}

/** The first signs from ever; the others never do, and never retire: whoever gives keys takes them away again. */
async function loadGivenKeys(
  config: KeyRingConfig,
  pem: string,
  certificates: string | null,
): Promise<DatedKey[]> {
  const name = config.givenKeysFile ?? "SIGNING_KEY";
  return Promise.all(
    parsePrivateKeys(pem, name).map(async (key, index) => {
      const chain = certificates === null ? null : chainOf(key, certificates, name);
      const signingKey = await assembleSigningKey(key, chain, name);
      const activeFrom = index === 0 ? 0 : NEVER;
      return { key: signingKey, activeFrom, endsAt: endOfChain(chain), name: `given-${index + 1}` };
    }),
  );
}

function chainOf(key: KeyObject, certificates: string, source: string): X509Certificate[] {
  const chain = parseCertificates(certificates, source);
  const leaf = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  return chain.slice(Math.max(leaf, 0));
}

const NEVER = Number.MAX_SAFE_INTEGER;

function describe(keys: readonly DatedKey[]): KeyDescription[] {
  return keys.map(({ name, key, activeFrom, endsAt }) => ({
    name,
    keyId: key.keyId,
    signsFrom: describeTime(activeFrom),
    endsAt: endsAt === null ? null : new Date(endsAt * 1000).toISOString(),
  }));
}

function describeTime(seconds: number): string {
  if (seconds === 0) return "ever";
  return seconds === NEVER ? "never" : new Date(seconds * 1000).toISOString();
}

async function warnIfReadableByOthers(config: KeyRingConfig, log: Logger): Promise<void> {
  const { givenKeysFile, directory, owner } = config;
  if (givenKeysFile === null) {
    for (const path of await keysReadableByOthers(directory, owner))
      log.warn({ event: "key.readable-by-others", path });
    return;
  }
  const found = await stat(givenKeysFile);
  if (!isReadableByOthers(found)) return;
  const mode = (found.mode & 0o777).toString(8);
  log.warn({ event: "key.readable-by-others", path: givenKeysFile, mode });
}
