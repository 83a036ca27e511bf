import { JsonObject } from "#registry-protocol/json/json-value.js";
import type { Descriptor } from "#registry-protocol/manifest/manifest.js";

/**
 * @param child - what an index says of a manifest in it
 * @returns its platform as in `linux/arm/v7`; `null` where it runs on none, as BuildKit's attestations
 */
export function platformName(child: Descriptor): string | null {
  const { os, architecture } = child.platform ?? { os: null, architecture: null };
  if (os === null || os === "unknown") return null;
  return [os, architecture, variantOf(child)].filter(Boolean).join("/");
}

function variantOf({ written }: Descriptor): string | null {
  const field = (of: unknown, name: string) =>
    of instanceof JsonObject ? of.entries.find(([key]) => key === name)?.[1] : undefined;
  const variant = field(field(written, "platform"), "variant");
  return typeof variant === "string" ? variant : null;
}
