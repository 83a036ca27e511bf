import { english, type Texts } from "./english.js";
import { german } from "./german.js";

const LANGUAGES: readonly Texts[] = [english, german];

/** All that the page says, in the first language of the browser's that it speaks. */
export const T: Texts =
  navigator.languages
    .map((wanted) => LANGUAGES.find(({ language }) => wanted.toLowerCase().startsWith(language)))
    .find((found) => found !== undefined) ?? english;

/** Numbers and times are written so. */
export const LOCALE =
  navigator.languages.find((wanted) => wanted.toLowerCase().startsWith(T.language)) ?? T.language;
