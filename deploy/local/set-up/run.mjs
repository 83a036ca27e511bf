import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { constants } from "node:os";
import { basename } from "node:path";
import { setTimeout } from "node:timers";
import { fileURLToPath } from "node:url";

/** Folder of this clone. */
export const root = realpathSync(fileURLToPath(new URL("../../..", import.meta.url)));

const running = new Set();
const PATIENCE_MS = 2_000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs a program in the clone's folder, its output on this terminal.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {Record<string, string>} env variables besides those of this process
 * @returns {Promise<number>} its exit code; 1 when it could not be started or was killed
 */
export async function run(file, args, env = {}) {
  const child = spawn(file, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
    // A group of its own, so that it can be ended with everything it started in turn.
    detached: true,
  });
  running.add(child);
  return new Promise((resolve) => {
    child.once("error", (error) => {
      console.error(`wharfinger: ${file} cannot be started: ${error.message}`);
      running.delete(child);
      resolve(1);
    });
    child.once("exit", (code) => {
      running.delete(child);
      resolve(code ?? 1);
    });
  });
}

/**
 * Runs npm: the one this was started by, else the one on the PATH.
 *
 * @param {readonly string[]} args
 * @returns {Promise<number>} its exit code
 */
export async function npm(args) {
  const script = process.env.npm_execpath;
  if (script !== undefined && basename(script) === "npm-cli.js")
    return run(process.execPath, [script, ...args]);
  return run("npm", args);
}

/**
 * Makes this process end, and what it runs with it, when it is told to.
 *
 * @returns {() => void} function that ends this arrangement
 */
export function endOnSignal() {
  const handlers = SIGNALS.map((signal) => {
    const handler = () => void end(signal);
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => handlers.forEach((remove) => remove());
}

async function end(signal) {
  const ends = [...running].map((child) => new Promise((resolve) => child.once("exit", resolve)));
  endRunning("SIGTERM");
  // npm may finish a long download first.
  setTimeout(() => endRunning("SIGKILL"), PATIENCE_MS).unref();
  await Promise.all(ends);
  process.exit(128 + constants.signals[signal]);
}

function endRunning(signal) {
  for (const { pid } of running)
    try {
      process.kill(-pid, signal);
    } catch {
      // It ended by itself in the meantime.
    }
}
