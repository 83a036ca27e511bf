import type { JSX } from "preact";
import { LOCALE, T } from "../texts/texts.js";
import { once } from "./once.js";

const absolute = once(
  () => new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "long" }),
);
const relative = once(() => new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" }));
const STEPS = [
  [60, "second", 1],
  [3_600, "minute", 60],
  [86_400, "hour", 3_600],
  [30 * 86_400, "day", 86_400],
  [365 * 86_400, "month", 30 * 86_400],
  [Infinity, "year", 365 * 86_400],
] as const;

/** When something was: how long ago, and with the browser's zone where one points. */
export function Time({ at }: { readonly at: string | null }): JSX.Element {
  if (at === null) return <span class="faint">{T.never}</span>;
  const then = new Date(at);
  return (
    <time dateTime={at} title={absolute().format(then)}>
      {ago(then)}
    </time>
  );
}

function ago(then: Date): string {
  const seconds = (then.getTime() - Date.now()) / 1000;
  const [, unit, size] = STEPS.find(([below]) => Math.abs(seconds) < below) ?? STEPS[5];
  return relative().format(Math.round(seconds / size), unit);
}
