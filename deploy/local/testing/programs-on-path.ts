import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LocalStackError } from "../errors.js";
import { ensureDebianPackage } from "../programs/debian-package.js";
import { findOnPath } from "../processes/launch.js";

/** Folder, in the folder of tools, that the tests have on their PATH. */
const BIN_FOLDER = "bin";
/** Debian's Chromium without windows. */
const BROWSER = "chromium-headless-shell";

/** A program that needs to be told where its own files are. */
interface Wrapped {
  readonly name: string;
  readonly program: string;
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * The tests call openssl by its name, as people do; a machine without it gets it from Debian's package.
 *
 * @param toolsDir - folder for downloads
 * @param say - told about progress
 * @throws LocalStackError when it cannot be had
 */
export async function ensureOpensslOnPath(
  toolsDir: string,
  say: (line: string) => void,
): Promise<void> {
  await mkdir(join(toolsDir, BIN_FOLDER), { recursive: true });
  if (findOnPath("openssl") !== null) return;
  const { root, env } = await ensureDebianPackage("openssl", toolsDir, {
    withDependencies: true,
    say,
  });
  await wrap(toolsDir, {
    name: "openssl",
    program: join(root, "usr", "bin", "openssl"),
    settings: {
      LD_LIBRARY_PATH: env.LD_LIBRARY_PATH,
      // Where the package would look for it is outside of the folder.
      OPENSSL_CONF: join(root, "etc", "ssl", "openssl.cnf"),
    },
  });
}

/** @returns the browser of the tests; its shell is the same one without windows, and starts sooner. `null`: there is none */
export function findBrowser(): string | null {
  return findOnPath(BROWSER) ?? findOnPath("chromium");
}

/**
 * A machine without Chromium gets Debian's, with a font; tests in a browser are skipped where it cannot be had.
 *
 * @param toolsDir - folder for downloads
 * @param say - told about progress, and why there is none
 */
export async function ensureBrowserOnPath(
  toolsDir: string,
  say: (line: string) => void,
): Promise<void> {
  if (findBrowser() !== null) return;
  try {
    const options = { withDependencies: true, beside: ["fonts-dejavu-core"], say };
    const { root, env } = await ensureDebianPackage(BROWSER, toolsDir, options);
    const libraries = env.LD_LIBRARY_PATH.split(":");
    // One of PulseAudio's is in a folder of its own.
    const all = [...libraries, ...libraries.map((folder) => join(folder, "pulseaudio"))].join(":");
    const fonts = join(root, "fonts.conf");
    await writeFile(fonts, fontsIn(root));
    await wrap(toolsDir, {
      name: BROWSER,
      program: join(root, "usr", "lib", "chromium", BROWSER),
      settings: { LD_LIBRARY_PATH: all, FONTCONFIG_FILE: fonts },
    });
  } catch (error) {
    if (!(error instanceof LocalStackError)) throw error;
    say(`tests in a browser are skipped: ${error.message}`);
  }
}

function fontsIn(root: string): string {
  const folders = [join(root, "usr", "share", "fonts"), "/usr/share/fonts"];
  const named = folders.map((folder) => `<dir>${folder}</dir>`).join("");
  return `<fontconfig>${named}<cachedir>${join(root, "fonts-cache")}</cachedir></fontconfig>\n`;
}

async function wrap(toolsDir: string, { name, program, settings }: Wrapped): Promise<void> {
  const file = join(toolsDir, BIN_FOLDER, name);
  const told = Object.entries(settings).map(([key, value]) => `${key}='${value}'`);
  await writeFile(file, `#!/bin/sh\n${told.join(" ")} exec '${program}' "$@"\n`);
  await chmod(file, 0o755);
}
