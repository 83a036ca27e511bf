import { Construct } from "constructs";
import type { IDeploymentSpec } from "kubernetes-models/apps/v1";
import type { IPodTemplateSpec, IProbe, IServiceSpec } from "kubernetes-models/v1";
import { COMMON_LABELS, labelsOf, type Component } from "./labels.ts";
import { add } from "./objects.ts";
import type { Settings } from "./settings.ts";

/** One part of the product that stands several times. */
export interface ServiceParts {
  readonly component: Extract<Component, "gateway" | "token-server" | "registry">;
  readonly size: Settings["gateway"];
  readonly pod: IPodTemplateSpec;
  readonly ports: Readonly<Record<string, number>>;
  /** Whether the name has every pod's address instead of one that leads to all of them. */
  readonly isHeadless?: boolean;
  /** Whether there is but one, which has to end before the next begins: its volume is one machine's. */
  readonly isSingle?: boolean;
}

/** Processor time, of what is requested, at which there are to be more pods; in per cent. */
const BUSY = 70;
const REVISIONS = 5;

/** Deployment, Service, budget, autoscaler and account of one part. */
export class Service extends Construct {
  constructor(scope: Construct, id: string, parts: ServiceParts) {
    super(scope, id);
    const { component, size, isHeadless, isSingle } = parts;
    const labels = labelsOf(component);
    const metadata = { name: component, labels };
    const selector = { matchLabels: labels };
    add(this, {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { ...metadata, annotations: size.serviceAccountAnnotations },
      automountServiceAccountToken: false,
    });
    add(this, { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: deployment(parts) });
    const spec: IServiceSpec = {
      selector: labels,
      ports: Object.entries(parts.ports).map(([name, port]) => ({ name, port, targetPort: port })),
      ...(isHeadless === true ? { clusterIP: "None" } : {}),
    };
    add(this, { apiVersion: "v1", kind: "Service", metadata, spec });
    add(this, {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      // Who is not ready serves nobody, so keeps no machine from being emptied.
      spec: { selector, maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow" },
    });
    if (isSingle !== true) this.#scale(component, size);
  }

  #scale(name: string, { min, max }: Settings["gateway"]): void {
    add(this, {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name, labels: COMMON_LABELS },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
        minReplicas: min,
        maxReplicas: max,
        metrics: [
          {
            type: "Resource",
            resource: { name: "cpu", target: { type: "Utilization", averageUtilization: BUSY } },
          },
        ],
        behavior: { scaleDown: { stabilizationWindowSeconds: 600 } },
      },
    });
  }
}

/** No number of replicas where there is an autoscaler: each `kubectl apply` would set it back. */
function deployment({ component, pod, isSingle }: ServiceParts): IDeploymentSpec {
  return {
    ...(isSingle === true ? { replicas: 1 } : {}),
    revisionHistoryLimit: REVISIONS,
    selector: { matchLabels: labelsOf(component) },
    strategy:
      isSingle === true
        ? { type: "Recreate" }
        : { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    template: pod,
  };
}

/**
 * A rollout goes on when the new pod could push. From then on it is asked whether it runs and nothing more: with the
 * database away all of them are not ready, and serve pulls. Kubernetes asks nobody where nobody is ready.
 *
 * @param port - where gateway and token server are asked
 * @returns the three probes of a container
 */
export function ownProbes(
  port: number,
): Record<"startupProbe" | "readinessProbe" | "livenessProbe", IProbe> {
  const runs = { httpGet: { path: "/.well-known/health", port } };
  return {
    // Ten minutes for keys, roles and migrations.
    startupProbe: {
      httpGet: { path: "/ready", port },
      periodSeconds: 5,
      timeoutSeconds: 5,
      failureThreshold: 120,
    },
    readinessProbe: { ...runs, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 },
    livenessProbe: { ...runs, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
  };
}
