// Loaded before a service by `node --import …/shifted-clock.mjs?seconds=600`: everything in it takes that for the time.
import { Server } from "node:http";

const shift = Number(new URL(import.meta.url).searchParams.get("seconds")) * 1000;
const RealDate = Date;

globalThis.Date = class Date extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + shift);
    else super(...parts);
  }

  static now() {
    return RealDate.now() + shift;
  }
};

// Node writes the header by a `Date` of its own.
const { emit } = Server.prototype;
Server.prototype.emit = function (event, ...details) {
  if (event === "request") details[1].setHeader("Date", new Date().toUTCString());
  return emit.call(this, event, ...details);
};
