/** As clients are told of it (OCI distribution-spec, extensions/_oci.md). */
export interface Extension {
  readonly name: string;
  /** Where it is described. */
  readonly url: string;
  readonly description: string;
  /** `<name>` and `<tag>` stand for a repository's and a tag's. */
  readonly endpoints: readonly string[];
}

const SPECIFICATION = "https://github.com/opencontainers/distribution-spec";
const DISCOVER = "_oci/ext/discover";

/**
 * @param level - of the registry as a whole, or of one repository
 * @returns the extensions; the same for everybody: they say nothing of what there is
 */
export function extensionsOf(level: "registry" | "repository"): readonly Extension[] {
  const own = level === "registry" ? [`/v2/${DISCOVER}`] : [];
  return [
    {
      name: "_oci",
      url: `${SPECIFICATION}/pull/606`,
      description: "Which extensions there are, and what a tag has meant",
      endpoints: [...own, `/v2/<name>/${DISCOVER}`, "/v2/<name>/_oci/tag-history/<tag>"],
    },
    {
      name: "_wharfinger",
      url: `${SPECIFICATION}/pull/579`,
      description: "Tags with digest, media type, size and time",
      endpoints: ["/v2/<name>/_wharfinger/tags/list", "/v2/<name>/tags/list"],
    },
  ];
}
