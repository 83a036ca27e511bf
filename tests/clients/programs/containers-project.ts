import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tool } from "#local/testing/test-tools.js";
import type { Program, Situation } from "./program.js";

/** The clients of containers/image: they try a manifest in several formats, and delete by digest. */

const authFile = ({ folder }: Situation) => join(folder, "auth.json");
const plain = "--tls-verify=false";
const from = (layout: { path: string }) => `oci:${layout.path}:image`;
const docker = (name: string) => `docker://${name}`;

async function allowAll({ folder }: Situation): Promise<void> {
  await mkdir(join(folder, "home/.config/containers"), { recursive: true });
  await writeFile(
    join(folder, "home/.config/containers/policy.json"),
    JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }),
  );
}

function loginLine(at: Situation): string[] {
  const { user, password, host } = at.target;
  return ["login", "--authfile", authFile(at), plain, "-u", user, "-p", password, host];
}

/** @returns skopeo */
export function skopeo(tool: Tool): Program {
  return {
    name: "skopeo",
    tool,
    version: ["--version"],
    prepare: allowAll,
    jobs: (at) => {
      const auth = at.target.isGateway ? ["--authfile", authFile(at)] : [];
      const copy = (source: string, name: string) => [
        ["copy", "--dest-tls-verify=false", ...auth, source, docker(name)],
      ];
      return {
        ...(at.target.isGateway ? { login: [loginLine(at)] } : {}),
        push: copy(from(at.image), at.first),
        again: copy(from(at.image), at.first),
        other: copy(from(at.another), at.first),
        elsewhere: copy(from(at.image), at.elsewhere),
        pull: [
          ["copy", "--src-tls-verify=false", ...auth, docker(at.first), `dir:${at.folder}/pulled`],
        ],
        discard: [
          ...copy(from(at.third), at.temporary),
          ["delete", plain, ...auth, docker(at.temporary)],
        ],
        delete: [["delete", plain, ...auth, docker(at.first)]],
      };
    },
  };
}

/** A store of its own, that needs nothing of the machine. */
const storeOf = (at: Situation) => [
  ...["--root", join(at.folder, "store"), "--runroot", join(at.folder, "run")],
  ...["--storage-driver", "vfs"],
];

/** podman and buildah, which are called alike. */
function withStore(name: string, tool: Tool): Program {
  return {
    name,
    tool,
    version: ["--version"],
    prepare: allowAll,
    jobs: (at) => {
      const auth = [...(at.target.isGateway ? ["--authfile", authFile(at)] : []), plain];
      const call = (...words: string[]) => [...storeOf(at), ...words];
      const list = `${name}-list`;
      return {
        ...(at.target.isGateway ? { login: [call(...loginLine(at))] } : {}),
        push: [
          call("pull", "-q", from(at.image)),
          call("pull", "-q", from(at.another)),
          call("push", "-q", ...auth, at.image.digest, docker(at.first)),
        ],
        again: [call("push", "-q", ...auth, at.image.digest, docker(at.first))],
        other: [call("push", "-q", ...auth, at.another.digest, docker(at.first))],
        elsewhere: [call("push", "-q", ...auth, at.image.digest, docker(at.elsewhere))],
        pull: [call("pull", "-q", ...auth, docker(at.first))],
        list: [
          call("push", "-q", ...auth, at.another.digest, docker(at.second)),
          call("manifest", "create", list),
          call("manifest", "add", ...auth, list, docker(at.first)),
          call("manifest", "add", ...auth, list, docker(at.second)),
          call("manifest", "push", ...auth, list, docker(at.list)),
        ],
      };
    },
  };
}

/** @returns podman */
export const podman = (tool: Tool): Program => withStore("podman", tool);

/** @returns buildah */
export const buildah = (tool: Tool): Program => withStore("buildah", tool);
