import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { renderRegistryConfig } from "#registry-config/render.js";
import type {
  FilesystemStorage,
  RegistryLine,
  RegistrySettings,
  S3Storage,
} from "#registry-config/settings.js";

const FILESYSTEM: FilesystemStorage = { kind: "filesystem", rootDirectory: "/var/lib/registry" };

const S3: S3Storage = {
  kind: "s3",
  bucket: "images",
  region: "eu-central-1",
  endpoint: null,
  forcePathStyle: false,
  rootDirectory: null,
  encrypt: true,
  keyId: null,
  secure: true,
  v4Auth: true,
  chunkSize: 10_485_760,
  storageClass: null,
  redirect: true,
  cloudFront: null,
};

function settings(changes: Partial<RegistrySettings> = {}): RegistrySettings {
  return {
    registry: "3",
    listen: "127.0.0.1:5000",
    metricsListen: null,
    logLevel: "warn",
    drainSeconds: 30,
    httpSecret: "upload state key",
    token: {
      realm: "https://nowhere.invalid/token",
      service: "wharfinger-upstream",
      issuer: "wharfinger-gateway",
      rootCertBundle: "/keys/ca.cert.pem",
    },
    notifications: { url: "http://gateway:8080/hooks/registry", secret: "hook secret" },
    storage: FILESYSTEM,
    ...changes,
  };
}

function rendered(changes: Partial<RegistrySettings> = {}): Record<string, unknown> {
  return parse(renderRegistryConfig(settings(changes))) as Record<string, unknown>;
}

describe("the registry's configuration", () => {
  test("a filesystem registry of line 3 gets exactly these settings", () => {
    expect(rendered()).toEqual({
      version: 0.1,
      log: {
        level: "warn",
        formatter: "json",
        fields: { service: "registry" },
        accesslog: { disabled: false },
      },
      storage: {
        filesystem: { rootdirectory: "/var/lib/registry", maxthreads: 100 },
        delete: { enabled: true },
        maintenance: {
          uploadpurging: { enabled: true, age: "168h", interval: "24h", dryrun: false },
        },
      },
      http: {
        addr: "127.0.0.1:5000",
        secret: "upload state key",
        relativeurls: true,
        draintimeout: "30s",
        headers: { "X-Content-Type-Options": ["nosniff"] },
      },
      auth: {
        token: {
          realm: "https://nowhere.invalid/token",
          service: "wharfinger-upstream",
          issuer: "wharfinger-gateway",
          rootcertbundle: "/keys/ca.cert.pem",
          signingalgorithms: ["ES256"],
        },
      },
      notifications: {
        endpoints: [
          {
            name: "wharfinger",
            url: "http://gateway:8080/hooks/registry",
            headers: { Authorization: ["Bearer hook secret"] },
            timeout: "5s",
            threshold: 5,
            backoff: "1s",
            ignore: { mediatypes: ["application/octet-stream"] },
          },
        ],
      },
      validation: {
        manifests: { urls: { allow: ["^https?://"] }, indexes: { platforms: "none" } },
      },
      health: { storagedriver: { enabled: true, interval: "10s", threshold: 3 } },
    });
  });

  test("layers from elsewhere may have the URLs that are chosen", () => {
    const { validation } = rendered({ layerUrls: "^https://mcr\\.example/" });
    expect(validation).toHaveProperty("manifests.urls", { allow: ["^https://mcr\\.example/"] });
  });

  test("2.8 differs from 3 in nothing but the signing algorithms", () => {
    const { auth: auth28, ...rest28 } = rendered({ registry: "2.8" });
    const { auth: auth3, ...rest3 } = rendered({ registry: "3" });
    expect(rest28).toEqual(rest3);
    expect(auth28).not.toHaveProperty("token.signingalgorithms");
    expect(auth3).toHaveProperty("token.signingalgorithms");
  });

  test("without a secret of its own the registry takes it from its environment", () => {
    expect(rendered({ httpSecret: null })["http"]).not.toHaveProperty("secret");
  });

  test("a secret that looks like YAML stays the text it is", () => {
    const hostile = '"#: [*&!|>%@`\n- x: 1';
    expect(rendered({ httpSecret: hostile })).toHaveProperty("http.secret", hostile);
  });

  test("the debug listener exists only where metrics were asked for", () => {
    expect(rendered()["http"]).not.toHaveProperty("debug");
    expect(rendered({ metricsListen: "127.0.0.1:5001" })).toHaveProperty("http.debug", {
      addr: "127.0.0.1:5001",
      prometheus: { enabled: true, path: "/metrics" },
    });
  });
});

describe("storage in S3", () => {
  const storageOf = (storage: Partial<S3Storage>, registry: RegistryLine = "3") =>
    rendered({ registry, storage: { ...S3, ...storage } })["storage"];

  test("a bucket of Amazon's, with the keys of line 3", () => {
    expect(storageOf({})).toMatchObject({
      cache: { blobdescriptor: "inmemory" },
      s3: {
        region: "eu-central-1",
        bucket: "images",
        forcepathstyle: false,
        encrypt: true,
        secure: true,
        v4auth: true,
        chunksize: 10_485_760,
      },
      redirect: { disable: false },
      delete: { enabled: true },
    });
  });

  test("2.8 is not given the path style, which it does not know", () => {
    expect(storageOf({ forcePathStyle: true }, "2.8")).not.toHaveProperty("s3.forcepathstyle");
  });

  test("what was not chosen is left to the registry's own default", () => {
    const s3 = (storageOf({}) as { s3: object }).s3;
    for (const key of ["regionendpoint", "keyid", "rootdirectory", "storageclass"])
      expect(s3).not.toHaveProperty(key);
  });

  test("a server of one's own, a KMS key, a prefix and a storage class arrive", () => {
    const chosen = {
      endpoint: "http://ceph:7480",
      keyId: "alias/images",
      rootDirectory: "registry",
      storageClass: "STANDARD_IA",
      forcePathStyle: true,
      redirect: false,
    };
    expect(storageOf(chosen)).toMatchObject({
      s3: {
        regionendpoint: "http://ceph:7480",
        keyid: "alias/images",
        rootdirectory: "registry",
        storageclass: "STANDARD_IA",
        forcepathstyle: true,
      },
      redirect: { disable: true },
    });
  });

  test("CloudFront is a middleware of the storage", () => {
    const cloudFront = {
      baseUrl: "https://cdn.example.org",
      privateKeyFile: "/secrets/cloudfront.pem",
      keyPairId: "K123",
      duration: "20m",
      ipFilteredBy: "awsregion" as const,
      awsRegions: "eu-central-1",
    };
    expect(rendered({ storage: { ...S3, cloudFront } })["middleware"]).toEqual({
      storage: [
        {
          name: "cloudfront",
          options: {
            baseurl: "https://cdn.example.org",
            privatekey: "/secrets/cloudfront.pem",
            keypairid: "K123",
            duration: "20m",
            ipfilteredby: "awsregion",
            awsregion: "eu-central-1",
          },
        },
      ],
    });
    expect(rendered({ storage: S3 })).not.toHaveProperty("middleware");
  });
});
