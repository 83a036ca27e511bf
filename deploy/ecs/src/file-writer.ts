import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as ecs from "aws-cdk-lib/aws-ecs";
import type { LogGroup } from "aws-cdk-lib/aws-logs";

const PROGRAM = readFileSync(
  fileURLToPath(new URL("../handlers/write-files.mjs", import.meta.url)),
  "utf8",
);

/** A file, and what is written into it: a secret, or a text that is none. */
export interface WrittenFile {
  readonly path: string;
  readonly content: ecs.Secret | string;
}

/**
 * A container that writes files for others of its task and ends: ECS gives secrets as variables, and the programs want
 * files. It is root, since an empty volume of Fargate is root's.
 *
 * @param task - the task's definition
 * @param name - name of the container
 * @param options - image that has Node, the log, and the files
 * @returns the container; its volumes have to be mounted
 */
export function writesFiles(
  task: ecs.FargateTaskDefinition,
  name: string,
  {
    image,
    logGroup,
    files,
  }: { image: ecs.ContainerImage; logGroup: LogGroup; files: readonly WrittenFile[] },
): ecs.ContainerDefinition {
  const numbered = files.map((file, at) => ({ ...file, variable: `FILE_${at}` }));
  const ofKind = <T>(
    isOfKind: (content: WrittenFile["content"]) => content is T & WrittenFile["content"],
  ) =>
    Object.fromEntries(
      numbered.flatMap(({ variable, content }) => (isOfKind(content) ? [[variable, content]] : [])),
    );
  return task.addContainer(name, {
    image,
    essential: false,
    user: "0:0",
    readonlyRootFilesystem: true,
    command: ["node", "--input-type=module", "-e", PROGRAM],
    environment: {
      FILES: JSON.stringify(
        Object.fromEntries(numbered.map(({ path, variable }) => [path, variable])),
      ),
      ...ofKind((content): content is string => typeof content === "string"),
    },
    secrets: ofKind((content): content is ecs.Secret => typeof content !== "string"),
    logging: ecs.LogDrivers.awsLogs({ streamPrefix: name, logGroup }),
  });
}
