import { FilterParser } from "ldapts";
import { z } from "zod";
import { fillTemplate, parseTemplate, type Template } from "../template.js";

/** Values of a filter's variables. */
export type FilterValues = Readonly<Record<string, string>>;

/**
 * @param variables - names that the filter may put in as `${name}`
 * @returns schema of a search filter (RFC 4515) that is tried out when it is read
 */
export function filterSchema(variables: readonly string[]) {
  return z.string().transform((source, context): Template => {
    try {
      const template = parseTemplate(source);
      if (!template.parts.some((part) => "variable" in part))
        throw new Error(`wanted one of ${variables.map((name) => `\${${name}}`).join(", ")} in it`);
      FilterParser.parseString(
        fillFilter(template, Object.fromEntries(variables.map((name) => [name, "x"]))),
      );
      return template;
    } catch (error) {
      context.addIssue({ code: "custom", message: error instanceof Error ? error.message : "" });
      return z.NEVER;
    }
  });
}

/**
 * @param template - parsed by {@link filterSchema}
 * @param values - values of its variables; each stays a value, whatever is in it
 * @returns the filter
 * @throws Error when a value is missing
 */
export function fillFilter(template: Template, values: FilterValues): string {
  const filter = fillTemplate(template, (name) => {
    const value = values[name];
    return value === undefined ? null : escapeValue(value);
  });
  if (filter === null) throw new Error("the filter has a ${…} that is not known here");
  return filter;
}

/** RFC 4515, section 3: these five have a meaning of their own. */
function escapeValue(value: string): string {
  // eslint-disable-next-line no-control-regex -- NUL is one of the five
  return value.replace(/[\\*()\u0000]/g, (character) => {
    return `\\${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
