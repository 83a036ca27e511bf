import { Construct } from "constructs";
import type { IContainer } from "kubernetes-models/v1";
import { imageOf } from "./images.ts";
import { resourcesOf, TRUST } from "./own-container.ts";
import { podOf, secretFiles, variables, type Mounted } from "./pods.ts";
import { PORTS } from "./ports.ts";
import { CONFIGURATION, registryOptions, SECRETS } from "./registry-options.ts";
import { Service } from "./service.ts";
import type { Settings } from "./settings.ts";
import { TIMES } from "./times.ts";

const BUCKET_CREDENTIALS = "/etc/wharfinger/bucket";

const configuration: Mounted = {
  // In memory: the configuration has two secrets in it.
  volume: { name: "configuration", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
  mount: { name: "configuration", mountPath: CONFIGURATION },
};

/**
 * The stock registry. Its configuration comes from the one source of it (registry-config), by a container that ends
 * before the registry starts; of keys it is given the public certificates alone.
 */
export class Registry extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { secrets, storage, registry: size } = settings;
    const given = secretFiles("secrets", secrets.registry, SECRETS);
    const trust = secretFiles("trust", secrets.trust, TRUST);
    const stored = storageOf(storage);
    const pod = podOf({
      component: "registry",
      serviceAccountName: "registry",
      initContainers: [writesConfiguration(settings, given)],
      containers: [registry(settings, [trust, ...stored])],
      volumes: [given, trust, configuration, ...stored].map(({ volume }) => volume),
      graceSeconds: TIMES.registryGrace,
      settings,
    });
    new Service(this, "Service", {
      component: "registry",
      ports: { http: PORTS.registry },
      // Gateways ask each process whether it forgot what a garbage collection removed.
      isHeadless: true,
      isSingle: storage.kind === "volume",
      ...{ size, pod },
    });
  }
}

function writesConfiguration(settings: Settings, given: Mounted): IContainer {
  return {
    name: "configuration",
    image: imageOf("setup", settings),
    command: ["node", "dist/registry-config/src/main.js"],
    args: Object.entries(registryOptions(settings)).flatMap(([name, value]) => [
      `--${name}`,
      value,
    ]),
    resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "256Mi" } },
    volumeMounts: [given.mount, configuration.mount],
  };
}

function registry(settings: Settings, mounted: readonly Mounted[]): IContainer {
  const { storage } = settings;
  // `/` is the one path that needs no token, and no storage.
  const runs = { httpGet: { path: "/", port: PORTS.registry } };
  return {
    name: "registry",
    image: settings.registryImage,
    args: [`${CONFIGURATION}/registry.yml`],
    ports: [{ name: "http", containerPort: PORTS.registry }],
    env: variables({
      OTEL_TRACES_EXPORTER: "none",
      ...(storage.kind === "s3" ? { AWS_REGION: storage.region } : {}),
      ...(storage.kind === "s3" && storage.credentialsSecret !== undefined
        ? { AWS_SHARED_CREDENTIALS_FILE: `${BUCKET_CREDENTIALS}/credentials` }
        : {}),
    }),
    resources: resourcesOf(settings.registry),
    volumeMounts: [
      { ...configuration.mount, readOnly: true },
      ...mounted.map(({ mount }) => mount),
    ],
    startupProbe: { ...runs, periodSeconds: 2, failureThreshold: 60 },
    readinessProbe: { ...runs, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 },
    livenessProbe: { ...runs, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    // It closes its port when it is told to end, and gateways remember its address for a while.
    lifecycle: { preStop: { sleep: { seconds: TIMES.registryDelay } } },
  };
}

function storageOf(storage: Settings["storage"]): Mounted[] {
  if (storage.kind === "volume")
    return [
      {
        volume: { name: "blobs", persistentVolumeClaim: { claimName: storage.claim } },
        mount: { name: "blobs", mountPath: "/var/lib/registry" },
      },
    ];
  const { credentialsSecret } = storage;
  if (credentialsSecret === undefined) return [];
  return [secretFiles("bucket", credentialsSecret, BUCKET_CREDENTIALS)];
}
