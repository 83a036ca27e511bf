import type {
  IContainer,
  IEnvVar,
  IPodTemplateSpec,
  IVolume,
  IVolumeMount,
} from "kubernetes-models/v1";
import { labelsOf, type Component } from "./labels.ts";
import type { Settings } from "./settings.ts";

/** User and group of the images (`USER node` in deploy/Dockerfile); the registry runs as it, too. */
const USER = 1000;

/** What a pod of ours is made of, beside what all of them have in common. */
export interface PodParts {
  readonly component: Component;
  readonly settings: Settings;
  readonly serviceAccountName: string;
  readonly containers: readonly IContainer[];
  readonly initContainers?: readonly IContainer[];
  readonly volumes: readonly IVolume[];
  readonly graceSeconds?: number;
  readonly restartPolicy?: "Never";
}

/**
 * A container that passes the Pod Security Standard "restricted".
 *
 * @param container - what it is
 * @returns the same with no right of root's, on an image that it cannot write to
 */
export function confined(container: IContainer): IContainer {
  return {
    ...container,
    volumeMounts: [{ name: "tmp", mountPath: "/tmp" }, ...(container.volumeMounts ?? [])],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  };
}

/**
 * @param parts - containers, volumes, and whose they are
 * @returns the template of a pod: spread over zones and machines, and no token of the cluster's API in it
 */
export function podOf(parts: PodParts): IPodTemplateSpec {
  const { component, settings, volumes, graceSeconds, restartPolicy } = parts;
  return {
    metadata: { labels: labelsOf(component) },
    spec: {
      serviceAccountName: parts.serviceAccountName,
      automountServiceAccountToken: false,
      // A Service named registry would be REGISTRY_PORT in each environment, which the stock registry takes for its configuration.
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map(
        (topologyKey) => ({
          maxSkew: 1,
          topologyKey,
          whenUnsatisfiable: "ScheduleAnyway" as const,
          labelSelector: { matchLabels: labelsOf(component) },
          matchLabelKeys: restartPolicy === undefined ? ["pod-template-hash"] : [],
        }),
      ),
      imagePullSecrets: settings.pullSecrets.map((name) => ({ name })),
      ...(parts.initContainers === undefined
        ? {}
        : { initContainers: parts.initContainers.map(confined) }),
      containers: parts.containers.map(confined),
      volumes: [{ name: "tmp", emptyDir: { sizeLimit: "64Mi" } }, ...volumes],
      ...(graceSeconds === undefined ? {} : { terminationGracePeriodSeconds: graceSeconds }),
      ...(restartPolicy === undefined ? {} : { restartPolicy }),
    },
  };
}

/** A volume, and where containers see it. */
export interface Mounted {
  readonly volume: IVolume;
  readonly mount: IVolumeMount;
}

/**
 * @param name - of the volume
 * @param secretName - a Secret that is there; its files are followed, so never by subPath
 * @param mountPath - folder in which each of its keys is a file
 * @returns the volume, read by our group alone
 */
export function secretFiles(name: string, secretName: string, mountPath: string): Mounted {
  return {
    volume: { name, secret: { secretName, defaultMode: 0o440 } },
    mount: { name, mountPath, readOnly: true },
  };
}

/**
 * @param name - of the volume
 * @param configMap - name of a ConfigMap
 * @param mountPath - folder in which each of its keys is a file
 * @returns the volume
 */
export function configFiles(name: string, configMap: string, mountPath: string): Mounted {
  return {
    volume: { name, configMap: { name: configMap, defaultMode: 0o444 } },
    mount: { name, mountPath, readOnly: true },
  };
}

/**
 * @param given - variables by name
 * @returns the same as Kubernetes wants them
 */
export function variables(given: Readonly<Record<string, string>>): IEnvVar[] {
  return Object.entries(given).map(([name, value]) => ({ name, value }));
}
