import { dirname, resolve } from "node:path";
import { App } from "aws-cdk-lib";
import { checkWithNag } from "./nag.ts";
import { readOperatorFiles } from "./operator-files.ts";
import { readSettings, SettingsError } from "./settings.ts";
import { WharfingerStack } from "./wharfinger-stack.ts";

const app = new App();
const given: unknown = app.node.tryGetContext("settings");
const file = resolve(typeof given === "string" ? given : "settings.json");
try {
  const settings = readSettings(file);
  const operatorFiles = readOperatorFiles(settings, dirname(file));
  checkWithNag(app, new WharfingerStack(app, { settings, operatorFiles }));
  app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 78;
}
