import { join } from "node:path";
import { makeImage, type OciLayout } from "#tests/support/oci-layout.js";
import { tarOf } from "#tests/support/tar-layers.js";
import type { Target } from "./job.js";

/** Images on disk, and the names that one client pushes them under. */
export interface Names {
  readonly image: OciLayout;
  readonly another: OciLayout;
  /** For a tag of its own, so that nothing else needs it. */
  readonly third: OciLayout;
  /** `alpha/<client>`, where the client's user is in the team. */
  readonly repository: string;
  /** Image names with the registry's host. */
  readonly first: string;
  readonly second: string;
  readonly list: string;
  /** Under a tag that may be deleted. */
  readonly temporary: string;
  /** In the namespace of another team. */
  readonly elsewhere: string;
}

/**
 * @param target - the registry
 * @param client - a client's name
 * @param folder - where the images are made
 * @returns what it works with
 */
export async function namesFor(target: Target, client: string, folder: string): Promise<Names> {
  const artifact = artifactOf(client);
  const repository = `alpha/${artifact}`;
  const at = (tag: string) => `${target.host}/${repository}:${tag}`;
  const make = async (name: string) =>
    makeImage(join(folder, name), [await tarOf([{ name: "content", content: folder + name }])]);
  return {
    image: await make("image"),
    another: await make("another"),
    third: await make("third"),
    repository,
    first: at("1.0"),
    second: at("2.0"),
    list: at("list"),
    temporary: at("tmp-1"),
    elsewhere: `${target.host}/beta/${artifact}:1.0`,
  };
}

/**
 * @param client - a client's name
 * @returns the artifact that it works on
 */
export function artifactOf(client: string): string {
  return (client.toLowerCase().match(/[a-z0-9]+/g) ?? []).join("-");
}
