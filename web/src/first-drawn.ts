import { goWith, place } from "./place.js";

/** Fields of the first view by their names, which are those of the query. */
const FIELDS = "input[name], select[name]";

/**
 * The first view is sent as markup, in the language that the browser asked for: it is there to be typed into before there is
 * a script.
 *
 * @param page - where the page is drawn
 * @param language - that the page speaks
 * @returns whether it stands there already, and is taken over as it is
 */
export function isDrawn(page: Element, language: string): boolean {
  const { path, query } = place();
  const isFirst = path === "" && query.size === 0 && page.firstElementChild !== null;
  return isFirst && document.documentElement.lang === language;
}

/**
 * What was typed or chosen before there was a script is what is searched for.
 *
 * @param page - where the page is drawn
 */
export function takeTyped(page: Element): void {
  const typed = [...page.querySelectorAll<HTMLInputElement | HTMLSelectElement>(FIELDS)]
    .filter(isChanged)
    .map(({ name, value }) => [name, value] as const);
  if (typed.length > 0) goWith(Object.fromEntries(typed));
}

/** From what it was sent with. */
function isChanged(field: HTMLInputElement | HTMLSelectElement): boolean {
  if (field instanceof HTMLInputElement) return field.value !== field.defaultValue;
  return field.selectedOptions[0]?.defaultSelected === false;
}
