import { LOCALE } from "../texts/texts.js";
import { once } from "./once.js";

const numbers = once(() => new Intl.NumberFormat(LOCALE));
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
const sizes = UNITS.map((unit) =>
  once(
    () =>
      new Intl.NumberFormat(LOCALE, {
        ...{ style: "unit", unit, maximumSignificantDigits: 3 },
        unitDisplay: unit === "byte" ? "long" : "short",
      }),
  ),
);
const KILO = 1000;

/** @returns a number as it is written here */
export function figure(value: number): string {
  return numbers().format(value);
}

/** @returns a number of bytes, for people */
export function sizeOf(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return sizes[step]?.().format(bytes / KILO ** step) ?? String(bytes);
}

/** @returns the part of a digest by which people know it */
export function shortDigest(digest: string): string {
  const [algorithm = "", hex = ""] = digest.split(":");
  return algorithm === "sha256" ? hex.slice(0, 12) : `${algorithm}:${hex.slice(0, 12)}`;
}
