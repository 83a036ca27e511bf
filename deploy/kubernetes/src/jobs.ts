import { createHash } from "node:crypto";
import type { Construct } from "constructs";
import type { IJobSpec } from "kubernetes-models/batch/v1";
import type { IPodTemplateSpec } from "kubernetes-models/v1";
import { labelsOf, type Component } from "./labels.ts";
import { add } from "./objects.ts";

const DAY_SECONDS = 86_400;

/**
 * @param pod - what is run, which may be run again at any time
 * @returns a job that is tried several times and tidied away a day after
 */
export function jobSpec(pod: IPodTemplateSpec): IJobSpec {
  return {
    backoffLimit: 6,
    activeDeadlineSeconds: 1800,
    ttlSecondsAfterFinished: DAY_SECONDS,
    template: pod,
  };
}

/**
 * Adds a job that runs once for each version of itself: a Job cannot be changed, so its name says what is in it.
 *
 * @param scope - part of the chart
 * @param component - whose it is
 * @param pod - what is run
 */
export function addJob(scope: Construct, component: Component, pod: IPodTemplateSpec): void {
  const spec = jobSpec(pod);
  const digest = createHash("sha256").update(JSON.stringify(spec)).digest("hex").slice(0, 8);
  add(scope, {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: `${component}-${digest}`, labels: labelsOf(component) },
    spec,
  });
}
