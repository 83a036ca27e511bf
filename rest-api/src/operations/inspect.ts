import { z } from "zod";
import { operation } from "../operation.js";
import { platform, repository, tagOrDigest } from "../parameters.js";

const textOrNull = z.string().nullable();
const texts = z.record(z.string(), z.string());
const part = { digest: z.string(), mediaType: z.string(), size: z.number() };

const configuration = z.object({
  ...{ created: textOrNull, author: textOrNull, os: textOrNull, architecture: textOrNull },
  ...{ variant: textOrNull, user: textOrNull },
  ...{ entrypoint: z.array(z.string()), command: z.array(z.string()) },
  ...{ workingDirectory: textOrNull, stopSignal: textOrNull },
  environment: z.array(z.object({ name: z.string(), value: z.string() })),
  labels: texts,
  ...{ ports: z.array(z.string()), volumes: z.array(z.string()) },
});

const step = z.object({
  layer: z.number().nullable().meta({
    description: "The layer that came of it, the lowest is 1; `null`: none, or nobody can tell.",
  }),
  isEmpty: z.boolean().meta({ description: "Whether it changed no files." }),
  ...{ createdBy: z.string(), comment: z.string(), author: z.string(), created: textOrNull },
});

const inspected = z
  .object({
    ...{ repository: z.string(), digest: z.string(), mediaType: z.string() },
    artifactType: textOrNull,
    annotations: texts,
    manifests: z
      .array(
        z.object({
          ...part,
          artifactType: textOrNull,
          platform: textOrNull.meta({
            description: "As in `linux/arm/v7`; `null`: it runs on none.",
          }),
          attests: textOrNull.meta({
            description: "Digest of the image that it is BuildKit's attestation of.",
          }),
        }),
      )
      .meta({ description: "Of an index: what is in it." }),
    image: z
      .object({
        ...{ digest: z.string(), mediaType: z.string(), artifactType: textOrNull },
        annotations: texts,
        size: z.number().meta({ description: "Bytes of configuration and layers." }),
        config: z.object(part),
        layers: z.array(z.object({ ...part, annotations: texts })),
        history: z.array(step),
        configuration: configuration.nullable().meta({
          description: "`null`: it is no image's, or cannot be read.",
        }),
      })
      .nullable()
      .meta({ description: "Itself, or of an index the image for the platform." }),
  })
  .meta({ id: "InspectedImage" });

export const inspectImage = operation({
  ...({ by: "gateway", group: "Images", method: "GET", who: "view" } as const),
  id: "images.inspect",
  path: "/repositories/{repository}/inspect",
  summary: "An image's configuration, its layers, and how they were made",
  description:
    "Of an index, what is in it and one of its images: that for `platform`, else for `linux/amd64`, else the first one; any of them by " +
    "its digest. Steps of the history are matched to layers where as many of them changed files as there are layers. It counts as no pull.",
  parameters: z.object({ repository }),
  query: z.strictObject({ of: tagOrDigest, platform }),
  answers: { 200: { description: "The image.", schema: inspected } },
});
