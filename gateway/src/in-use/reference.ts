import { isDigest, type Digest } from "#registry-protocol/digest.js";
import { isRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import { isTag, type Tag } from "#registry-protocol/tag.js";

/** An image as whoever runs it names it. */
export interface ImageReference {
  readonly repository: RepositoryName;
  /** `null`: by digest alone. */
  readonly tag: Tag | null;
  /** Of its manifest or of its configuration, which programs know as the id of an image; `null`: by tag alone. */
  readonly digest: Digest | null;
}

const FORM = /^(?<name>[^@]+?)(?::(?<tag>[^:/@]+))?(?:@(?<digest>.+))?$/;

/**
 * @param text - `[host/]repository[:tag][@digest]`, as engines and clusters write it; without tag and digest it is `latest`
 * @param hosts - names under which clients reach this registry: one of them in front is left out
 * @returns what it names; `null`: nothing of this registry
 */
export function parseImageReference(text: string, hosts: readonly string[]): ImageReference | null {
  const host = hosts.find((one) => text.startsWith(`${one}/`));
  const found = FORM.exec(host === undefined ? text : text.slice(host.length + 1))?.groups;
  const { name = "", digest = null } = found ?? {};
  const tag = found?.["tag"] ?? (digest === null ? "latest" : null);
  if (!isRepositoryName(name)) return null;
  if (tag !== null && !isTag(tag)) return null;
  if (digest !== null && !isDigest(digest)) return null;
  return { repository: name, tag, digest };
}
