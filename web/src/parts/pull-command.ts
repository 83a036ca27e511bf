/** Programs that pull. */
export const TOOLS = ["docker", "podman", "crane", "kubernetes"] as const;

/** One of {@link TOOLS}. */
export type Tool = (typeof TOOLS)[number];

/** An image that is pulled. */
export interface Pulled {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/** @returns the command that pulls it, or for Kubernetes what stands in a manifest */
export function commandFor(
  tool: Tool,
  { repository, tag, digest }: Pulled,
  by: "tag" | "digest",
): string {
  const image = `${location.host}/${repository}${by === "tag" ? `:${tag}` : `@${digest}`}`;
  switch (tool) {
    case "docker":
    case "podman":
      return `${tool} pull ${image}`;
    case "crane":
      return `crane pull ${image} image.tar`;
    case "kubernetes":
      return `image: ${image}`;
  }
}
