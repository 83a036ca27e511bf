import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Construct } from "constructs";
import type { IPrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import { parse } from "yaml";
import { COMMON_LABELS, JOB_LABEL, labelsOf } from "./labels.ts";
import { add } from "./objects.ts";
import type { Settings } from "./settings.ts";

const RULES = fileURLToPath(new URL("../../monitoring/prometheus/rules", import.meta.url));

type Groups = NonNullable<NonNullable<IPrometheusRule["spec"]>["groups"]>;

/** For the Prometheus operator: who is read, and the rules that docker-compose's Prometheus has. */
export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, { labels: own }: NonNullable<Settings["monitoring"]>) {
    super(scope, id);
    const labels = { ...COMMON_LABELS, ...own };
    for (const component of ["gateway", "token-server"] as const)
      add(this, {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "ServiceMonitor",
        metadata: { name: component, labels },
        spec: {
          jobLabel: JOB_LABEL,
          selector: { matchLabels: labelsOf(component) },
          endpoints: [{ port: "metrics", interval: "15s" }],
        },
      });
    add(this, {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "PrometheusRule",
      metadata: { name: "wharfinger", labels },
      spec: { groups: groups() },
    });
  }
}

function groups(): Groups {
  return globSync("*.yml", { cwd: RULES })
    .sort()
    .flatMap(
      (file) => (parse(readFileSync(`${RULES}/${file}`, "utf8")) as { groups: Groups }).groups,
    );
}
