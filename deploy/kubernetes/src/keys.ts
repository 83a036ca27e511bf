import { readFileSync } from "node:fs";
import { Construct } from "constructs";
import type { IPodTemplateSpec } from "kubernetes-models/v1";
import { imageOf } from "./images.ts";
import { addJob, jobSpec } from "./jobs.ts";
import { COMMON_LABELS, labelsOf } from "./labels.ts";
import { add } from "./objects.ts";
import { ROOT } from "./own-container.ts";
import { configFiles, podOf, variables, type Mounted } from "./pods.ts";
import type { Settings } from "./settings.ts";

const NAME = "keys";
const PROGRAM = new URL("../programs/keys.mjs", import.meta.url);
const API = "/var/run/secrets/kubernetes.io/serviceaccount";
/** Twice in the fortnight of a key's life, at a minute that others leave free. */
const EVERY_WEEK = "17 3 * * 1";
const DAY_SECONDS = 86_400;

/** As a projected volume, so that it is mounted here and nowhere else; renewed by the kubelet. */
const account: Mounted = {
  volume: {
    name: "account",
    projected: {
      defaultMode: 0o440,
      sources: [
        { serviceAccountToken: { path: "token", expirationSeconds: 3600 } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      ],
    },
  },
  mount: { name: "account", mountPath: API, readOnly: true },
};

const folders: Mounted = {
  volume: { name: "folders", emptyDir: { medium: "Memory", sizeLimit: "8Mi" } },
  mount: { name: "folders", mountPath: ROOT },
};

/**
 * The one part that sees the authority's key: takes keys and secrets out of their Secrets, has the product's own program
 * make what is missing and the next keys, and puts them back. It runs at each version, and every week.
 */
export class Keys extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const metadata = { name: NAME, labels: COMMON_LABELS };
    const program = configFiles("program", `${NAME}-program`, "/program");
    add(this, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `${NAME}-program`, labels: COMMON_LABELS },
      data: { "keys.mjs": readFileSync(PROGRAM, "utf8") },
    });
    this.#rights(settings);
    const pod = podOfKeys(settings, program);
    addJob(this, "keys", pod);
    add(this, {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { ...metadata, labels: labelsOf("keys") },
      spec: {
        schedule: EVERY_WEEK,
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds: DAY_SECONDS,
        jobTemplate: { spec: jobSpec(pod) },
      },
    });
  }

  /** It cannot make or list Secrets, and reads no other: those that it fills have to be there. */
  #rights({ secrets }: Settings): void {
    const metadata = { name: NAME, labels: COMMON_LABELS };
    add(this, {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata,
      automountServiceAccountToken: false,
    });
    add(this, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata,
      rules: [
        {
          apiGroups: [""],
          resources: ["secrets"],
          resourceNames: Object.values(secretsOfKeys(secrets)),
          verbs: ["get", "update"],
        },
        {
          apiGroups: ["apps"],
          resources: ["deployments"],
          resourceNames: ["registry"],
          verbs: ["patch"],
        },
      ],
    });
    add(this, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: NAME },
      subjects: [{ kind: "ServiceAccount", name: NAME }],
    });
  }
}

function secretsOfKeys(secrets: Settings["secrets"]): Record<string, string> {
  const { authority, trust, gateway, tokenServer, registry } = secrets;
  return { authority, trust, gateway, tokenServer, registry };
}

function podOfKeys(settings: Settings, program: Mounted): IPodTemplateSpec {
  const mounted = [program, folders, account];
  return podOf({
    component: "keys",
    serviceAccountName: NAME,
    containers: [
      {
        name: "keys",
        image: imageOf("setup", settings),
        command: ["node", "/program/keys.mjs"],
        // In the place of it: another command of docs/keys.md, on the same folders.
        args: ["node", "dist/deploy/compose/setup.js", ROOT],
        env: variables({
          ROOT,
          NAMESPACE: settings.namespace,
          SECRETS: JSON.stringify(secretsOfKeys(settings.secrets)),
          CLUSTER_API: "https://kubernetes.default.svc",
          TOKEN_FILE: `${API}/token`,
          NODE_EXTRA_CA_CERTS: `${API}/ca.crt`,
        }),
        resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } },
        volumeMounts: mounted.map(({ mount }) => mount),
      },
    ],
    volumes: mounted.map(({ volume }) => volume),
    restartPolicy: "Never",
    settings,
  });
}
