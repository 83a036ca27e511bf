import { english, type Texts } from "./english/english.js";

const SPOKEN: readonly string[] = ["en", "de"];

function languageOf(wanted: string): string {
  return wanted.toLowerCase().split("-")[0] ?? "";
}

const language =
  navigator.languages.map(languageOf).find((wanted) => SPOKEN.includes(wanted)) ?? "en";

/**
 * All that the page says, in the first language of the browser's that it speaks. Whoever reads English does not wait for
 * German.
 */
export const T: Texts = language === "de" ? await inGerman() : english;

/** Numbers and times are written so. */
export const LOCALE =
  navigator.languages.find((wanted) => languageOf(wanted) === T.language) ?? T.language;

async function inGerman(): Promise<Texts> {
  try {
    return (await import("./german/german.js")).german;
  } catch {
    return english;
  }
}
