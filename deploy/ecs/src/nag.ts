import { Validations, type App, type Stack } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import type { IConstruct } from "constructs";
import { ACKNOWLEDGED, type Acknowledged } from "./acknowledged.ts";

/** What cdk-nag finds, and the row that says why it stays; `undefined` where none does. */
export interface Finding {
  readonly rule: string;
  readonly construct: IConstruct;
  readonly path: string;
  readonly row: Acknowledged | undefined;
}

/**
 * @param stack - to be looked at
 * @returns all that cdk-nag finds in it
 */
export function findingsIn(stack: Stack): Finding[] {
  const constructs = new Map(stack.node.findAll().map((one) => [one.node.path, one]));
  const { violations } = new AwsSolutionsChecks(stack).validateScope(stack);
  return violations.flatMap(({ ruleName: rule, violatingResources }) =>
    violatingResources.flatMap(({ constructPath = "" }) => {
      const construct = constructs.get(constructPath);
      if (construct === undefined) return [];
      const path = constructPath.slice(stack.node.path.length + 1);
      const row = ACKNOWLEDGED.find((one) => one.rule.test(rule) && one.at.test(path));
      return [{ rule, construct, path, row }];
    }),
  );
}

/**
 * Has cdk-nag look at a stack whenever it is synthesized: a finding that nobody gave a reason for fails it.
 *
 * @param app - the app
 * @param stack - its stack
 */
export function checkWithNag(app: App, stack: Stack): void {
  for (const { rule, construct, row } of findingsIn(stack))
    if (row !== undefined) Validations.of(construct).acknowledge({ id: rule, reason: row.reason });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
}
