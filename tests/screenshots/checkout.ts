import { imagePusher, type ImagePusher, type Platform } from "#tests/support/pushed-images.js";
import { registryClient } from "#tests/support/registry-client.js";
import type { LayerEntry } from "#tests/support/tar-layers.js";

type Layer = readonly LayerEntry[];

/** A line of a Dockerfile, and the layer that it made, if any. */
interface Step {
  readonly line: string;
  readonly layer?: Layer;
}

/** What is run, of what it was built, and where its source is. */
interface Build {
  readonly repository: string;
  readonly version: string;
  readonly steps: readonly Step[];
}

const SHOP = "alpha/checkout";
const PLATFORMS = ["amd64", "arm64"].map((architecture) => ({ os: "linux", architecture }));

const baseFor = ({ architecture }: Platform): readonly Step[] => [
  {
    line: "/bin/sh -c #(nop) ADD file:1f4dd8b2f5f6 in / ",
    layer: [
      { name: "etc/" },
      { name: "etc/os-release", content: 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n' },
      { name: "etc/passwd", content: "root:x:0:0:root:/root:/bin/bash\n" },
      { name: "usr/bin/" },
      { name: "usr/bin/bash", content: `an interpreter for ${architecture}\n`.repeat(900) },
    ],
  },
  { line: "ENV NODE_VERSION=24.11.1" },
  {
    line: "RUN /bin/sh -c apt-get update && apt-get install --yes --no-install-recommends ca-certificates tini && rm -rf /var/lib/apt/lists/* # buildkit",
    layer: [
      { name: "usr/bin/tini", content: `an init for ${architecture}\n`.repeat(400) },
      { name: "etc/ssl/certs/ca-certificates.crt", content: "-----BEGIN CERTIFICATE-----\n" },
    ],
  },
];

const appOf = (name: string, version: string): readonly Step[] => [
  { line: "WORKDIR /srv/app" },
  {
    line: "COPY package.json dist/ /srv/app/ # buildkit",
    layer: [
      { name: "srv/app/package.json", content: JSON.stringify({ name, version }) },
      { name: "srv/app/dist/main.js", content: `console.log("${name} ${version}");\n`.repeat(120) },
      { name: "srv/app/dist/orders.js", content: `export const of = "${version}";\n`.repeat(80) },
    ],
  },
  { line: 'CMD ["--port", "8080"]' },
];

const DEBUGGING: Step = {
  line: "RUN /bin/sh -c npm install --global clinic # buildkit",
  layer: [{ name: "usr/lib/node_modules/clinic/bin.js", content: "#!/usr/bin/env node\n" }],
};

const SIGNATURE = "application/vnd.dev.cosign.artifact.sig.v1+json";
const REVISION = "cd76859f0d1b4c2a8e7f35619b4d20c7e1a85f36";

/**
 * `alpha/checkout:2.0.0` as releases are: an index of two platforms, built on what another repository's image is built on, too,
 * signed, with an SBOM that is signed itself. Its candidate is the same image; something is built on it.
 *
 * @param url - a gateway of the local stack
 */
export async function seedCheckout(url: string): Promise<void> {
  const pusher = imagePusher(registryClient(url, "ci-token"));
  const app = (repository: string, version: string, more: readonly Step[] = []): Build => ({
    ...{ repository, version },
    steps: [...appOf(repository === "alpha/catalog" ? "catalog" : "checkout", version), ...more],
  });
  const [released] = await Promise.all([
    pushBuild(pusher, app(SHOP, "2.0.0"), ["2.0.0-rc.1", "2.0.0"]),
    pushBuild(pusher, { repository: "alpha/node-base", version: "24.11", steps: [] }, ["24.11"]),
    pushBuild(pusher, app("alpha/catalog", "2.0.0"), ["2.0.0"]),
    pushBuild(pusher, app(SHOP, "1.0.0"), ["1.0.0"]),
    pushBuild(pusher, { ...app("alpha/checkout-debug", "2.0.0", [DEBUGGING]) }, ["2.0.0"]),
  ]);
  const [sbom] = await Promise.all([
    pusher.referrer(SHOP, released, "application/spdx+json", {
      ...{ "org.opencontainers.image.created": "2026-11-20T12:05:11Z", "org.example.tool": "syft" },
    }),
    pusher.referrer(SHOP, released, SIGNATURE, {
      "org.opencontainers.image.created": "2026-11-20T12:05:40Z",
    }),
  ]);
  await pusher.referrer(SHOP, sbom, SIGNATURE);
}

async function pushBuild(pusher: ImagePusher, build: Build, tags: readonly string[]) {
  const { repository } = build;
  const manifests = await Promise.all(
    PLATFORMS.map(async (platform) => {
      const steps = [...baseFor(platform), ...build.steps];
      const layers = steps.flatMap(({ layer }) => (layer === undefined ? [] : [layer]));
      const image = await pusher.image(repository, configOf(build, platform, steps), layers);
      return { ...image, platform };
    }),
  );
  const pushed = [];
  for (const tag of tags) pushed.push(await pusher.index(repository, manifests, tag));
  const [index] = pushed;
  if (index === undefined) throw new Error(`${repository} has no tag`);
  return index;
}

function configOf({ repository, version }: Build, platform: Platform, steps: readonly Step[]) {
  return {
    ...{ ...platform, created: "2026-11-20T12:00:00Z", author: "team alpha" },
    config: {
      Entrypoint: ["/usr/bin/tini", "--", "node", "/srv/app/dist/main.js"],
      Cmd: ["--port", "8080"],
      Env: ["PATH=/usr/local/bin:/usr/bin:/bin", "NODE_VERSION=24.11.1", "SESSION_SECRET=changeit"],
      ...{ User: "10001", WorkingDir: "/srv/app", ExposedPorts: { "8080/tcp": {} } },
      Labels: {
        "org.opencontainers.image.source": `https://git.example.org/${repository}`,
        "org.opencontainers.image.revision": REVISION,
        "org.opencontainers.image.authors": "team alpha",
        "org.opencontainers.image.version": version,
      },
    },
    history: steps.map(({ line, layer }) => ({
      ...{ created: "2026-11-20T12:00:00Z", created_by: line },
      ...(layer === undefined ? { empty_layer: true } : {}),
    })),
  };
}
