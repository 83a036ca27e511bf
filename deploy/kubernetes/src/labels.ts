/** Parts of the product that are pods. */
export type Component = "gateway" | "token-server" | "registry" | "keys" | "database";

const COMPONENT = "app.kubernetes.io/component";

/** Of everything that the chart makes. */
export const COMMON_LABELS = { "app.kubernetes.io/name": "wharfinger" } as const;

/**
 * @param component - a part
 * @returns the labels by which its pods are found, and which never change: a Deployment cannot follow them
 */
export function labelsOf(component: Component): Record<string, string> {
  return { ...COMMON_LABELS, [COMPONENT]: component };
}

/** The label whose value Prometheus takes as the job, which our rules ask for. */
export const JOB_LABEL = COMPONENT;
