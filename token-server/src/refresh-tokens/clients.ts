/**
 * Programs that read the login which `docker login` keeps in `config.json`, by the `client_id` each sends.
 * They have to share a refresh token, or `docker login` would log in docker alone and buildx, podman, skopeo
 * and oras would be refused.
 */
export const DOCKER_CONFIG_CLIENTS: readonly string[] = [
  "docker",
  "buildkit-client",
  "containerd-client",
  "containers/image",
  "go-containerregistry",
  "oras-go",
  "regclient",
];

/**
 * @param bound - client that a refresh token was issued to
 * @param shown - client that shows it
 * @param sharing - clients that share one store of logins
 * @returns whether the token may be used
 */
export function mayUseTokenOf(bound: string, shown: string, sharing: readonly string[]): boolean {
  return bound === shown || (sharing.includes(bound) && sharing.includes(shown));
}
