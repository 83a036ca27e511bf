// Loaded before a service by `node --import …/shifted-clock.mjs?seconds=600`: everything in it takes that for the time. With
// `?folder=…` a file there says how many seconds, and may say something else at any time: it is named after the service.
import { readFileSync } from "node:fs";
import { Server } from "node:http";
import { join } from "node:path";
import { performance } from "node:perf_hooks";

const { searchParams } = new URL(import.meta.url);
const RealDate = Date;
const LOOK_EVERY_MILLISECONDS = 100;
const folder = searchParams.get("folder");
const service = /(?:gateway|token-server)(?=\/src\/main\.js$)/.exec(process.argv[1] ?? "")?.[0];
let shift = Number(searchParams.get("seconds") ?? 0) * 1000;
let lookedAt = -Infinity;

function now() {
  const steady = performance.now();
  if (folder !== null && service !== undefined && steady - lookedAt >= LOOK_EVERY_MILLISECONDS) {
    lookedAt = steady;
    shift = Number(readFileSync(join(folder, service), "utf8")) * 1000;
  }
  return RealDate.now() + shift;
}

globalThis.Date = class Date extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(now());
    else super(...parts);
  }

  static now() {
    return now();
  }
};

// Node writes the header by a `Date` of its own.
const { emit } = Server.prototype;
Server.prototype.emit = function (event, ...details) {
  if (event === "request") details[1].setHeader("Date", new Date().toUTCString());
  return emit.call(this, event, ...details);
};
