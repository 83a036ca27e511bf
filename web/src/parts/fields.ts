/** What was typed into a form. */
export interface Fields {
  /** @returns the text of a field, without blanks around it */
  readonly text: (name: string) => string;
  /** @returns it as it was typed */
  readonly typed: (name: string) => string;
  /** @returns what stands between commas */
  readonly list: (name: string) => string[];
  readonly isChecked: (name: string) => boolean;
}

/** @returns what was typed into the form that is submitted, which then goes nowhere by itself */
export function fieldsOf(event: SubmitEvent & { readonly currentTarget: HTMLFormElement }): Fields {
  event.preventDefault();
  const form = new FormData(event.currentTarget);
  const typed = (name: string) => {
    const value = form.get(name);
    return typeof value === "string" ? value : "";
  };
  return {
    typed,
    text: (name) => typed(name).trim(),
    list: (name) => listed(typed(name)),
    isChecked: (name) => form.has(name),
  };
}

/** @returns words that stand between commas */
export function listed(text: string): string[] {
  return text.split(",").flatMap((one) => (one.trim() === "" ? [] : [one.trim()]));
}
