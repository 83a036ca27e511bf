import * as operations from "#rest-api/operations/discovery.js";
import type { Catalog } from "../catalog/catalog.js";
import { listFindings } from "../catalog/findings.js";
import { implement, type Implementation } from "./implement.js";

/**
 * @param catalog - what lists are read from
 * @returns the operations about what passes of discovery found
 */
export function discoveryOperations(catalog: Catalog): readonly Implementation[] {
  return [
    implement(operations.listFindings, async ({ query, page, view }) => {
      const { kind, repository } = query;
      const of = {
        ...(kind === undefined ? {} : { kind }),
        ...(repository === undefined ? {} : { repository }),
        ...(page.after === null ? {} : { after: page.after }),
      };
      return { page: await listFindings(catalog, view, { ...of, limit: page.limit }) };
    }),
  ];
}
