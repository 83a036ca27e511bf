import type { Template } from "../template.js";
import { fillFilter, type FilterValues } from "./filter.js";

/** An entry, or a name, that what is configured can make nothing of: no fault of the directory, which answered. */
export class Unusable extends Error {
  override readonly name = "Unusable";
}

/** The directory gives a part of somebody's groups alone, and goes on doing so. */
export class GroupsWithheld extends Unusable {}

/**
 * @param filter - from the configuration
 * @param values - what is put in
 * @returns the filter
 * @throws Unusable when it cannot be filled
 */
export function filled(filter: Template, values: FilterValues): string {
  try {
    return fillFilter(filter, values);
  } catch (error) {
    throw new Unusable(String(error));
  }
}
