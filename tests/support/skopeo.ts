import { runProgram, type Outcome } from "#local/processes/run-program.js";
import type { OciLayout } from "./oci-layout.js";
import { testTools } from "./tools.js";

/** The skopeo client, as one identity of the local stack uses it. */
export interface Skopeo {
  /** Pushes an image to `<repository>:<tag>`. */
  push(image: OciLayout, name: string): Promise<Outcome>;
  /** Pulls `<repository>:<tag>` or `<repository>@<digest>` into a folder. */
  pull(name: string, folder: string): Promise<Outcome>;
  inspect(name: string): Promise<Outcome>;
  listTags(repository: string): Promise<Outcome>;
}

const MINUTES_3 = 180_000;

/**
 * @param url - the gateway
 * @param accessToken - whose name to act in, or `user:password` of another login; `null` without any
 *   credentials
 * @param timeoutMs - how long one call may take
 * @param trusted - folder with certificates of the gateway's authority; absent: without TLS
 * @returns the client
 */
export function skopeo(
  url: string,
  accessToken: string | null,
  timeoutMs: number = MINUTES_3,
  trusted?: string,
): Skopeo {
  const { host } = new URL(url);
  const { file, env } = testTools().skopeo;
  const credentials = accessToken?.includes(":") ? accessToken : `oauth2:${accessToken ?? ""}`;
  const login = (side: string) =>
    accessToken === null ? [`--${side}no-creds`] : [`--${side}creds`, credentials];
  const run = (...args: string[]) =>
    runProgram(
      { file, args: ["--insecure-policy", ...args], env: { ...process.env, ...env } },
      { timeoutMs },
    );
  const remote = (name: string) => `docker://${host}/${name}`;
  const way = (side: string) =>
    trusted === undefined ? [`--${side}tls-verify=false`] : [`--${side}cert-dir`, trusted];
  return {
    push: (image, name) =>
      run(
        ...["copy", "--preserve-digests", ...way("dest-"), ...login("dest-")],
        ...[`oci:${image.path}:image`, remote(name)],
      ),
    pull: (name, folder) =>
      run(
        ...["copy", "--preserve-digests", ...way("src-"), ...login("src-")],
        ...[remote(name), `oci:${folder}:image`],
      ),
    inspect: (name) => run("inspect", ...way(""), ...login(""), remote(name)),
    listTags: (repository) => run("list-tags", ...way(""), ...login(""), remote(repository)),
  };
}
