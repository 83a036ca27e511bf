import { readFileSync } from "node:fs";
import { App } from "cdk8s";
import type { IPodTemplateSpec } from "kubernetes-models/v1";
import { parseAllDocuments } from "yaml";
import { parseSettings, type GivenSettings } from "../src/settings.ts";
import { WharfingerChart } from "../src/wharfinger-chart.ts";

/** What the README begins with. */
export const EXAMPLE = JSON.parse(
  readFileSync(new URL("../settings.example.json", import.meta.url), "utf8"),
) as GivenSettings;

/** One registry on a volume, behind a Gateway, with files and a Secret of the operator's. */
export const OTHER: Partial<GivenSettings> = {
  entry: {
    kind: "gateway",
    parent: { name: "public", namespace: "envoy", sectionName: "https" },
    namespaceLabels: { "kubernetes.io/metadata.name": "envoy" },
  },
  storage: { kind: "volume", claim: "blobs" },
  secrets: { operator: "our-secrets", gateway: "keys-of-the-gateway" },
  pullSecrets: ["pull"],
  gateway: { min: 3, max: 9, serviceAccountAnnotations: { "eks.amazonaws.com/role-arn": "arn" } },
};

/** An object of the rendered manifests, as far as the tests look. */
export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
}

/** Manifests as text, and what is in it. */
export interface Synthesized {
  readonly text: string;
  readonly objects: readonly Rendered[];
}

/**
 * @param given - settings in the place of the example's
 * @param files - files of the operator
 * @returns what would be applied
 */
export function synthesize(
  given: Partial<GivenSettings> = {},
  files: Readonly<Record<string, string>> = {},
): Synthesized {
  const app = new App();
  new WharfingerChart(app, { settings: parseSettings({ ...EXAMPLE, ...given }), files });
  const text = app.synthYaml();
  return { text, objects: parseAllDocuments(text).map((one) => one.toJS() as Rendered) };
}

/**
 * @param synthesized - manifests
 * @param kind - of Kubernetes
 * @returns the objects of that kind
 */
export function ofKind({ objects }: Synthesized, kind: string): Rendered[] {
  return objects.filter((one) => one.kind === kind);
}

/**
 * @param synthesized - manifests
 * @param kind - of Kubernetes
 * @param name - its name; of a Job what stands before its digest
 * @returns the one object
 * @throws Error when there is none
 */
export function one(synthesized: Synthesized, kind: string, name: string): Rendered {
  const found = ofKind(synthesized, kind).find(({ metadata }) =>
    kind === "Job" ? metadata.name.replace(/-[0-9a-f]{8}$/, "") === name : metadata.name === name,
  );
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}

/**
 * @param synthesized - manifests
 * @returns the templates of all pods, with who makes them
 */
export function podsOf(
  synthesized: Synthesized,
): { readonly owner: string; readonly template: IPodTemplateSpec }[] {
  const nested = (spec: unknown) => (spec as { template: IPodTemplateSpec }).template;
  return synthesized.objects.flatMap(({ kind, metadata, spec }) => {
    const owner = `${kind} ${metadata.name}`;
    if (kind === "Deployment" || kind === "Job") return [{ owner, template: nested(spec) }];
    if (kind !== "CronJob") return [];
    return [{ owner, template: nested((spec["jobTemplate"] as { spec: unknown }).spec) }];
  });
}

/**
 * @param synthesized - manifests
 * @param name - of a Deployment or a Job
 * @returns what its pods are
 */
export function podSpec(
  synthesized: Synthesized,
  name: string,
): NonNullable<IPodTemplateSpec["spec"]> {
  const found = podsOf(synthesized).find(
    ({ owner }) => owner === `Deployment ${name}` || owner.startsWith(`Job ${name}-`),
  );
  if (found?.template.spec === undefined) throw new Error(`no pods of ${name}`);
  return found.template.spec;
}
