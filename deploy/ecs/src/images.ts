import { fileURLToPath } from "node:url";
import { Platform } from "aws-cdk-lib/aws-ecr-assets";
import * as ecs from "aws-cdk-lib/aws-ecs";
import type { Settings } from "./settings.ts";

/** The targets of deploy/Dockerfile that run here. */
export type Target = "gateway" | "token-server" | "setup" | "database";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * @param target - which part
 * @param settings - which images were pushed, if any
 * @returns its image: one that is there, or one that `cdk deploy` builds from this checkout and pushes to ECR
 */
export function imageOf(target: Target, { images, architecture }: Settings): ecs.ContainerImage {
  if (images !== undefined)
    return ecs.ContainerImage.fromRegistry(`${images.prefix}/${target}:${images.tag}`);
  return ecs.ContainerImage.fromAsset(REPOSITORY, {
    file: "deploy/Dockerfile",
    target,
    platform: architecture === "ARM64" ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64,
    exclude: ["deploy/ecs", "deploy/kubernetes"],
  });
}

/**
 * @param settings - of the stack
 * @returns the processor that tasks run on
 */
export function runtimePlatform({ architecture }: Settings): ecs.RuntimePlatform {
  return {
    cpuArchitecture: ecs.CpuArchitecture.of(architecture),
    operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
  };
}
