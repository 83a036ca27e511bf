import { readFileSync } from "node:fs";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import type { OperatorFile } from "../src/operator-files.ts";
import { parseSettings, type GivenSettings } from "../src/settings.ts";
import { WharfingerStack } from "../src/wharfinger-stack.ts";

/** What the README begins with, and images that were pushed before: nothing is built or staged. */
export const EXAMPLE = {
  ...(JSON.parse(
    readFileSync(new URL("../settings.example.json", import.meta.url), "utf8"),
  ) as GivenSettings),
  images: { prefix: "images.example.org/wharfinger", tag: "1.0" },
};

/** A resource of the template. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
}

/** A container of a task definition, as far as the tests look. */
export interface Container {
  readonly Name: string;
  readonly Image: unknown;
  readonly User?: string;
  readonly Command?: unknown;
  readonly Essential: boolean;
  readonly StopTimeout?: number;
  readonly ReadonlyRootFilesystem?: boolean;
  readonly Environment?: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Secrets?: readonly { readonly Name: string; readonly ValueFrom: unknown }[];
  readonly MountPoints?: readonly { readonly SourceVolume: string; readonly ReadOnly: boolean }[];
  readonly DependsOn?: readonly { readonly Condition: string; readonly ContainerName: string }[];
}

/** A stack and its template. */
export interface Synthesized {
  readonly stack: WharfingerStack;
  readonly template: Template;
  readonly resources: Readonly<Record<string, Resource>>;
}

/**
 * @param given - settings besides the example's
 * @param operatorFiles - files that services see
 * @returns the stack with its template
 */
export function synthesize(
  given: Partial<GivenSettings> = {},
  operatorFiles: readonly OperatorFile[] = [],
): Synthesized {
  const settings = parseSettings({ ...EXAMPLE, ...given });
  const stack = new WharfingerStack(new App(), { settings, operatorFiles });
  const template = Template.fromStack(stack);
  const { Resources } = template.toJSON() as { Resources: Record<string, Resource> };
  return { stack, template, resources: Resources };
}

/**
 * @param synthesized - a stack
 * @param begin - how the task definition's logical id begins
 * @returns its containers by name
 */
export function containersOf({ resources }: Synthesized, begin: string): Record<string, Container> {
  const [, task] =
    Object.entries(resources).find(
      ([id, { Type }]) => Type === "AWS::ECS::TaskDefinition" && id.startsWith(begin),
    ) ?? [];
  if (task === undefined) throw new Error(`no task definition ${begin}`);
  const containers = task.Properties["ContainerDefinitions"] as Container[];
  return Object.fromEntries(containers.map((one) => [one.Name, one]));
}

/**
 * @param synthesized - a stack
 * @param type - of CloudFormation
 * @returns the resources of that type
 */
export function ofType({ resources }: Synthesized, type: string): Resource[] {
  return Object.values(resources).filter(({ Type }) => Type === type);
}
