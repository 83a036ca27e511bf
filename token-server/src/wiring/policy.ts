import { Counter } from "prom-client";
import { policyFact } from "#audit-log/facts.js";
import type { Fact } from "#audit-log/record-fact.js";
import type { Records } from "#audit-log/open-records.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { RefusedFiles } from "#service-kit/refused-files.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import { policyAt, type FactSources } from "../directory/directory-source.js";
import { differenceOfContents } from "../policy/difference.js";
import {
  builtInPolicy,
  watchPolicy,
  type DecidingPolicy,
  type PolicyVersion,
} from "../policy/watch.js";
import { reloadOnHangup } from "#service-kit/reload-on-hangup.js";

/**
 * @param path - the policy file; `null`: the built-in policy
 * @param deps - puts a change of it on record before it counts, and tells of it; directory and registries that it goes by
 * @returns the policy, followed while the file changes
 * @throws YamlFileError when the file cannot be used
 */
export async function openPolicy(
  path: string | null,
  {
    records,
    log,
    metrics,
    files,
    facts,
    service,
  }: {
    readonly records: Pick<Records, "note" | "record">;
    readonly log: Logger;
    readonly metrics: ServiceMetrics;
    readonly files: RefusedFiles;
    readonly facts: FactSources;
    /** The registry that tokens are issued for. */
    readonly service: string;
  },
): Promise<Opened & { readonly policy: DecidingPolicy }> {
  const loads = new Counter({
    name: "policy_loads_total",
    help: "New contents of the policy file by what came of them",
    labelNames: ["outcome"],
    registers: [metrics.registry],
  });
  const noteFile = path === null ? null : files.follow(path);
  const policy =
    path === null
      ? builtInPolicy
      : await watchPolicy(path, {
          log,
          onOutcome: (outcome) => {
            loads.inc({ outcome });
            noteFile?.(outcome);
          },
          record: (version) => records.record(policyChange(version)),
        });
  records.note(policyChange(policy.version()));
  return { policy: policyAt(policy, facts, service), parts: [reloadOnHangup("policy", policy)] };
}

function policyChange(version: PolicyVersion): Fact {
  return { ...policyFact(version), difference: differenceOfContents };
}
