import { Chart } from "cdk8s";
import type { Construct } from "constructs";
import { Database } from "./database.ts";
import { Entry } from "./entry.ts";
import { Gateway } from "./gateway.ts";
import { Keys } from "./keys.ts";
import { COMMON_LABELS } from "./labels.ts";
import { Monitoring } from "./monitoring.ts";
import { add } from "./objects.ts";
import { OPERATOR_FILES } from "./operator-files.ts";
import { Registry } from "./registry.ts";
import type { Settings } from "./settings.ts";
import { TokenServer } from "./token-server.ts";
import { Ways } from "./ways.ts";

/** The whole product on Kubernetes, but for what holds data: database, bucket or volume, and Secrets. */
export class WharfingerChart extends Chart {
  constructor(
    scope: Construct,
    { settings, files }: { settings: Settings; files: Readonly<Record<string, string>> },
  ) {
    super(scope, "wharfinger", { namespace: settings.namespace });
    new Ways(this, "Ways", settings);
    add(this, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: OPERATOR_FILES, labels: COMMON_LABELS },
      data: { ...files },
    });
    new Keys(this, "Keys", settings);
    new Database(this, "Database", settings);
    new Registry(this, "Registry", settings);
    new TokenServer(this, "TokenServer", settings);
    new Gateway(this, "Gateway", settings);
    new Entry(this, "Entry", settings);
    if (settings.monitoring !== undefined) new Monitoring(this, "Monitoring", settings.monitoring);
  }
}
