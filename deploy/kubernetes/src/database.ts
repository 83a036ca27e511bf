import { Construct } from "constructs";
import { imageOf } from "./images.ts";
import { addJob } from "./jobs.ts";
import { COMMON_LABELS } from "./labels.ts";
import { add } from "./objects.ts";
import { databaseAuthority, ROOT, subname } from "./own-container.ts";
import { podOf, secretFiles, variables } from "./pods.ts";
import type { Settings } from "./settings.ts";

const ADMIN = `${ROOT}/database-admin`;
const ACCOUNT = "database";

/** Makes roles and migrates, by the one password that no service is given. New gateways wait for it. */
export class Database extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { secrets, database } = settings;
    const mounted = [
      secretFiles("admin", secrets.databaseAdmin, ADMIN),
      // Where deploy/compose/database.ts looks before it makes passwords.
      secretFiles("operator", secrets.databaseOperator, `${ROOT}/database/operator`),
      secretFiles("gateway", secrets.databaseGateway, `${ROOT}/database/gateway`),
      secretFiles("token-server", secrets.databaseTokenServer, `${ROOT}/database/token-server`),
      ...databaseAuthority(settings),
    ];
    add(this, {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: ACCOUNT, labels: COMMON_LABELS },
      automountServiceAccountToken: false,
    });
    const container = {
      name: "database",
      image: imageOf("database", settings),
      env: variables({
        DB_SUBNAME: subname(settings),
        DB_USER: database.adminUser,
        DB_PASSWORD_FILE: `${ADMIN}/password`,
      }),
      resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } },
      volumeMounts: mounted.map(({ mount }) => mount),
    };
    const pod = podOf({
      component: "database",
      serviceAccountName: ACCOUNT,
      containers: [container],
      volumes: mounted.map(({ volume }) => volume),
      restartPolicy: "Never",
      settings,
    });
    addJob(this, "database", pod);
  }
}
