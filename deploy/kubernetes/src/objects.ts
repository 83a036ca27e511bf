import { ApiObject } from "cdk8s";
import type { Construct } from "constructs";
import type { IHTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1";
import type {
  IPrometheusRule,
  IServiceMonitor,
} from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import type { IDeployment } from "kubernetes-models/apps/v1";
import type { IHorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import type { ICronJob, IJob } from "kubernetes-models/batch/v1";
import type { IIngress, INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import type { IPodDisruptionBudget } from "kubernetes-models/policy/v1";
import type { IRole, IRoleBinding } from "kubernetes-models/rbac.authorization.k8s.io/v1";
import type { IConfigMap, IService, IServiceAccount } from "kubernetes-models/v1";

/** What there may be in the manifests. No Secret, no volume: what holds data is the operator's, and only named here. */
export type Manifest =
  | IConfigMap
  | ICronJob
  | IDeployment
  | IHTTPRoute
  | IHorizontalPodAutoscaler
  | IIngress
  | IJob
  | INetworkPolicy
  | IPodDisruptionBudget
  | IPrometheusRule
  | IRole
  | IRoleBinding
  | IService
  | IServiceAccount
  | IServiceMonitor;

/**
 * @param scope - part of the chart
 * @param manifest - what is added to it, checked by its kind's type
 * @returns the object of cdk8s
 */
export function add(scope: Construct, manifest: Manifest): ApiObject {
  const { name } = manifest.metadata ?? {};
  return new ApiObject(scope, `${manifest.kind}-${name ?? ""}`, manifest);
}
