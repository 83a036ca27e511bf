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

/** Two images of one file each, by the name of their folder. */
async function contexts(at: Situation): Promise<void> {
  await allowAll(at);
  for (const name of ["first", "second"]) {
    const folder = join(at.folder, name);
    await mkdir(folder);
    await writeFile(join(folder, "Dockerfile"), "FROM scratch\nCOPY content /content\n");
    await writeFile(join(folder, "content"), `${name} ${at.target.url}`);
  }
}

/** podman and buildah, which are called alike. */
function withStore(name: string, tool: Tool): Program {
  return {
    name,
    tool,
    version: ["--version"],
    prepare: contexts,
    jobs: (at) => {
      const auth = [...(at.target.isGateway ? ["--authfile", authFile(at)] : []), plain];
      const call = (...words: string[]) => [...storeOf(at), ...words];
      const build = (context: string) =>
        call("build", "-q", "--isolation", "chroot", "-t", context, join(at.folder, context));
      const push = (image: string, to: string) => call("push", "-q", ...auth, image, docker(to));
      const list = `${name}-list`;
      return {
        ...(at.target.isGateway ? { login: [call(...loginLine(at))] } : {}),
        push: [build("first"), build("second"), push("first", at.first)],
        again: [push("first", at.first)],
        other: [push("second", at.first)],
        elsewhere: [push("first", at.elsewhere)],
        pull: [call("pull", "-q", ...auth, docker(at.first))],
        list: [
          push("second", at.second),
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
