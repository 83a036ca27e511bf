import { digestOf, type Digest } from "#registry-protocol/digest.js";

/** What a client pushes under a tag in order to delete it, byte for byte. */
export interface DummyPush {
  readonly client: string;
  readonly text: string;
  readonly mediaType: string;
  readonly digest: Digest;
  /** Uploaded before, the configuration first. */
  readonly blobs: readonly string[];
}

const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const OCI = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
const DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";

const NOW = "2026-11-26T18:30:12.123456789Z";
/** As Go writes a time. */
const DATE = "2026-11-26 18:30:12.123456789 +0000 UTC m=+0.042424242";

const sha = (text: string) => digestOf(Buffer.from(text));
const part = (mediaType: string, text: string) =>
  `{"mediaType":"${mediaType}","digest":"${sha(text)}","size":${Buffer.byteLength(text)}}`;
const partOfOld = (mediaType: string, text: string) =>
  `{"mediaType":"${mediaType}","size":${Buffer.byteLength(text)},"digest":"${sha(text)}"}`;

/**
 * @param client - who pushes it
 * @param mediaType - of the manifest
 * @param text - the manifest
 * @param blobs - what it needs, the configuration first
 * @returns it, ready to be pushed
 */
export function dummyPush(
  client: string,
  mediaType: string,
  text: string,
  ...blobs: readonly string[]
): DummyPush {
  return { client, mediaType, text, digest: sha(text), blobs };
}

/** Regclient from 0.4.8 on (scheme/reg/tag.go, `TagDelete`). */
function regctlConfiguration(tag: string, comment = "empty JSON blob"): string {
  return (
    `{"created":"${NOW}","architecture":"amd64","os":"linux",` +
    `"config":{"Labels":{"delete-date":"${DATE}","delete-tag":"${tag}"}},` +
    `"rootfs":{"type":"layers","diff_ids":["${sha("{}")}"]},` +
    `"history":[{"created":"${NOW}","created_by":"# regclient","comment":"${comment}"}]}`
  );
}

/** Regclient before 0.4.8 (regclient/tag.go). */
function oldRegctlConfiguration(tag: string): string {
  return (
    `{"created":"${NOW}","architecture":"amd64","os":"linux",` +
    `"config":{"Labels":{"delete-date":"${DATE}","delete-tag":"${tag}"}},` +
    `"rootfs":{"type":"layers","diff_ids":[]}}`
  );
}

/**
 * @param tag - the tag that is to go
 * @returns what clients push under it that were looked up in their public sources
 */
export function dummyPushes(tag: string): DummyPush[] {
  const [now, scratch, old] = [
    regctlConfiguration(tag),
    regctlConfiguration(tag, "scratch blob"),
    oldRegctlConfiguration(tag),
  ];
  const random = "0.8444218515250481";
  const oci = (config: string, layers: string) =>
    `{"schemaVersion":2,"mediaType":"${OCI}","config":${part(OCI_CONFIG, config)},"layers":[${layers}]}`;
  const docker = (config: string, layers: string) =>
    `{"schemaVersion":2,"mediaType":"${DOCKER}","config":${part(DOCKER_CONFIG, config)},"layers":[${layers}]}`;
  return [
    dummyPush("regctl 0.8 over an OCI image", OCI, oci(now, part(OCI_LAYER, "{}")), now, "{}"),
    dummyPush("regctl 0.8 over others", DOCKER, docker(now, part(DOCKER_LAYER, "{}")), now, "{}"),
    dummyPush("regctl 0.4.8", OCI, oci(scratch, part(OCI_LAYER, "{}")), scratch, "{}"),
    dummyPush("regctl 0.4.0", OCI, oci(old, ""), old),
    dummyPush(
      "regctl 0.0.1",
      DOCKER,
      `{"schemaVersion":2,"mediaType":"${DOCKER}","config":${partOfOld(DOCKER_CONFIG, old)},"layers":[]}`,
      old,
    ),
    gitlab("GitLab", '{\n  "config": {\n  }\n}'),
    gitlab("GitLab with a newer Ruby", '{\n  "config": {}\n}'),
    dummyPush(
      "docker-registry-cleaner",
      DOCKER,
      `{"schemaVersion": 2, "mediaType": "${DOCKER}", "config": {"mediaType": "${DOCKER_CONFIG}", ` +
        `"size": ${random.length}, "digest": "${sha(random)}"}, "layers": []}`,
      random,
    ),
  ];
}

/** Its `generate_empty_manifest`, which has no list of layers, written by `pretty_generate`. */
function gitlab(client: string, config: string): DummyPush {
  const text = JSON.stringify(
    {
      schemaVersion: 2,
      mediaType: DOCKER,
      config: { mediaType: DOCKER_CONFIG, size: config.length, digest: sha(config) },
    },
    null,
    2,
  );
  return dummyPush(client, DOCKER, text, config);
}

/** Portainer's (`generateMinimalManifest`), the same for all tags. */
export const PORTAINER = dummyPush(
  "Portainer",
  OCI,
  `{"schemaVersion":2,"mediaType":"${OCI}","config":${part(OCI_CONFIG, "{}")},"layers":[]}`,
  "{}",
);

/** Images of nothing, or nearly, that somebody wants to have. */
export function emptyImages(tag: string): DummyPush[] {
  const config = (more: object) =>
    JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers" }, ...more });
  const image = (client: string, text: string, more: object = {}, mediaType = OCI_CONFIG) =>
    dummyPush(
      client,
      OCI,
      JSON.stringify({
        ...{
          schemaVersion: 2,
          mediaType: OCI,
          config: JSON.parse(part(mediaType, text)) as object,
        },
        ...{ layers: [], ...more },
      }),
      text,
    );
  const labels = (more: object) => ({ config: { Labels: more } });
  const empty = "application/vnd.oci.empty.v1+json";
  return [
    image("FROM scratch", config({})),
    image("FROM scratch with labels", config(labels({ "delete-tag": tag }))),
    image("another tag's", config(labels({ "delete-tag": `x${tag}`, "delete-date": DATE }))),
    image(
      "labels and more",
      regctlConfiguration(tag).replace('{"delete-date"', '{"a":"b","delete-date"'),
    ),
    image("an annotated one", regctlConfiguration(tag), { annotations: { why: "kept" } }),
    image("a referrer", regctlConfiguration(tag), {
      subject: { mediaType: OCI, digest: sha("{}"), size: 2 },
    }),
    image("an artifact", regctlConfiguration(tag), { artifactType: "text/plain" }),
    image("of nothing at all", "{}"),
    image("an artifact of ORAS", "{}", { artifactType: "text/plain" }, empty),
    image("an empty artifact", "{}", { annotations: { name: "cosign" } }, empty),
    image("a number", "17"),
    image("an empty list", "[]"),
  ].filter(({ digest }) => digest !== PORTAINER.digest);
}
