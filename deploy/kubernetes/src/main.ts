import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { App } from "cdk8s";
import { writeHelmChart } from "./helm.ts";
import { readOperatorFiles } from "./operator-files.ts";
import { readSettings, SettingsError } from "./settings.ts";
import { WharfingerChart } from "./wharfinger-chart.ts";

const { values } = parseArgs({
  options: {
    settings: { type: "string", default: "settings.json" },
    out: { type: "string", default: "manifests" },
    /** Folder for a chart of Helm beside them. */
    helm: { type: "string" },
  },
});

try {
  const file = resolve(values.settings);
  const settings = readSettings(file);
  const app = new App({ outdir: values.out });
  new WharfingerChart(app, { settings, files: readOperatorFiles(settings, dirname(file)) });
  app.synth();
  console.log(`wrote ${values.out}/wharfinger.k8s.yaml`);
  if (values.helm !== undefined) {
    writeHelmChart(values.helm, app.synthYaml(), settings);
    console.log(`wrote ${values.helm}/Chart.yaml`);
  }
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 78;
}
