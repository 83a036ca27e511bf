import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Settings } from "./settings.ts";

const CHART_VERSION = "0.1.0";

/**
 * Writes the same manifests as a chart of Helm, without values: what is set is set in settings.json.
 *
 * @param folder - where to; what was there is gone
 * @param manifests - all of them, YAML
 * @param settings - what they were made of
 */
export function writeHelmChart(folder: string, manifests: string, { images }: Settings): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "templates"), { recursive: true });
  const chart = {
    apiVersion: "v2",
    name: "wharfinger",
    description: "Auth and policy gateway before a stock container registry",
    type: "application",
    version: CHART_VERSION,
    appVersion: images.tag,
    // A pod's `preStop.sleep`.
    kubeVersion: ">=1.30.0-0",
  };
  writeFileSync(join(folder, "Chart.yaml"), stringify(chart));
  writeFileSync(join(folder, "templates", "wharfinger.yaml"), forHelm(manifests));
}

/**
 * @param text - manifests, in which alerts have templates of Prometheus
 * @returns the same for Helm, which would take them for its own
 */
export function forHelm(text: string): string {
  return text.replace(/\{\{|\}\}/g, (braces) => `{{ "${braces}" }}`);
}
