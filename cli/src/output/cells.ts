import { printable } from "./text.js";
import type { ColumnKind } from "./shown.js";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/**
 * @param value - of any field
 * @returns it as text that programs read: whole, on one line
 */
export function exactText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return printable(value);
  if (Array.isArray(value) && value.every((item) => typeof item === "string"))
    return printable(value.join(","));
  return printable(JSON.stringify(value));
}

/**
 * @param value - of any field
 * @param kind - of its column
 * @returns it as text that people read
 */
export function readableText(value: unknown, kind: ColumnKind): string {
  if (value === null || value === undefined || value === "") return "-";
  if (kind === "bytes" && typeof value === "number") return bytesText(value);
  if (typeof value === "string" && kind === "time") return printable(value.replace(/\.\d+Z$/, "Z"));
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value))
    return value.length === 0 ? "-" : exactText(value).replaceAll(",", ", ");
  return exactText(value);
}

/**
 * @param bytes - a size
 * @returns it with a unit, three digits at least
 */
export function bytesText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit] ?? ""}`;
}

/** `sha256:` and twelve digits: as docker shows image ids, which nobody mistakes for another. */
const SHORT_DIGEST = 19;

/**
 * @param text - a digest, or any other text
 * @returns a digest's beginning; others as they are
 */
export function shortDigest(text: string): string {
  return /^sha(?:256|512):[0-9a-f]{64,128}$/.test(text) ? text.slice(0, SHORT_DIGEST) : text;
}

/**
 * @param text - `2026-11-27T10:34:44Z`
 * @returns to the minute: `2026-11-27 10:34`
 */
export function shortTime(text: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)
    ? `${text.slice(0, 10)} ${text.slice(11, 16)}`
    : text;
}
