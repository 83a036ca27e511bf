import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tool } from "#local/testing/test-tools.js";
import { storeDockerLogin } from "../docker-login.js";
import type { Program, Situation } from "./program.js";

/** Clients that are one program each, and are taken where `CLIENT_…` says they are. */

const repositoryOf = (at: Situation) => `${at.target.host}/${at.repository}`;

/** @returns crane */
export function crane(tool: Tool): Program {
  return {
    name: "crane",
    tool,
    version: ["version"],
    jobs: (at) => {
      const { host, user, password, isGateway } = at.target;
      const push = (layout: { path: string }, name: string) => [
        ["push", "--insecure", "--index=false", layout.path, name],
      ];
      return {
        ...(isGateway ? { login: [["auth", "login", host, "-u", user, "-p", password]] } : {}),
        push: push(at.image, at.first),
        again: push(at.image, at.first),
        other: push(at.another, at.first),
        elsewhere: push(at.image, at.elsewhere),
        pull: [["pull", "--insecure", "--format=oci", at.first, join(at.folder, "pulled")]],
        list: [
          ...push(at.another, at.second),
          ["index", "append", "--insecure", "-m", at.first, "-m", at.second, "-t", at.list],
        ],
        discard: [...push(at.third, at.temporary), ["delete", "--insecure", at.temporary]],
        delete: [["delete", "--insecure", at.first]],
      };
    },
  };
}

/** @returns oras */
export function oras(tool: Tool): Program {
  return {
    name: "oras",
    tool,
    version: ["version"],
    prepare: (at) => writeFile(join(at.folder, "report"), "a report"),
    jobs: (at) => {
      const { host, user, password, isGateway } = at.target;
      const copy = (layout: { path: string }, name: string) => [
        ["cp", "--no-tty", "--from-oci-layout", "--to-plain-http", `${layout.path}:image`, name],
      ];
      const remove = (name: string) => ["manifest", "delete", "--plain-http", "--force", name];
      return {
        ...(isGateway
          ? { login: [["login", "--plain-http", "-u", user, "-p", password, host]] }
          : {}),
        push: copy(at.image, at.first),
        again: copy(at.image, at.first),
        other: copy(at.another, at.first),
        elsewhere: copy(at.image, at.elsewhere),
        pull: [
          ["cp", "--no-tty", "--from-plain-http", "--to-oci-layout", at.first, "pulled:image"],
        ],
        list: [
          ...copy(at.another, at.second),
          ["manifest", "index", "create", "--plain-http", at.list, "1.0", "2.0"],
        ],
        attach: [
          [
            "attach",
            "--no-tty",
            "--plain-http",
            "--artifact-type",
            "example/report",
            at.first,
            "report",
          ],
        ],
        discard: [...copy(at.third, at.temporary), remove(at.temporary)],
        delete: [remove(at.first)],
      };
    },
  };
}

/** @returns regctl */
export function regctl(tool: Tool): Program {
  return {
    name: "regctl",
    tool,
    version: ["version", "--format", "{{.VCSTag}}"],
    prepare: (at) => writeFile(join(at.folder, "report"), "a report"),
    jobs: (at) => {
      const { host, user, password, isGateway } = at.target;
      const copy = (layout: { path: string }, name: string) => [
        ["image", "copy", `ocidir://${layout.path}:image`, name],
      ];
      const plain = ["registry", "set", host, "--tls", "disabled"];
      const login = ["registry", "login", host, "-u", user, "-p", password, "--skip-check=false"];
      return {
        login: [plain, ...(isGateway ? [login] : [])],
        push: copy(at.image, at.first),
        again: copy(at.image, at.first),
        other: copy(at.another, at.first),
        elsewhere: copy(at.image, at.elsewhere),
        pull: [["image", "copy", at.first, `ocidir://${at.folder}/pulled:image`]],
        list: [
          ...copy(at.another, at.second),
          ["index", "create", at.list, "--ref", at.first, "--ref", at.second],
        ],
        attach: [
          [
            "artifact",
            "put",
            "--artifact-type",
            "example/report",
            "--subject",
            at.first,
            "-f",
            "report",
          ],
        ],
        discard: [...copy(at.third, at.temporary), ["tag", "delete", at.temporary]],
        delete: [["tag", "delete", at.first]],
      };
    },
  };
}

/** @returns cosign, which signs what crane or another client has pushed: here by its own `attach` and `sign` */
export function cosign(tool: Tool): Program {
  const offline = ["--use-signing-config=false", "--tlog-upload=false", "--yes"];
  const withKey = (key: string) => ["--key", key, "--allow-http-registry"];
  return {
    name: "cosign",
    tool,
    version: ["version"],
    environment: () => ({ COSIGN_PASSWORD: "" }),
    failsWith: /^could not delete/m,
    jobs: (at) => {
      const { host, user, password, isGateway } = at.target;
      const digest = `${repositoryOf(at)}@${at.image.digest}`;
      return {
        ...(isGateway ? { login: [["login", host, "-u", user, "-p", password]] } : {}),
        attach: [
          ["generate-key-pair"],
          ["sign", ...withKey("cosign.key"), ...offline, digest],
          ["verify", ...withKey("cosign.pub"), "--insecure-ignore-tlog", digest],
        ],
        sign: [
          ["sign", ...withKey("cosign.key"), ...offline, "--new-bundle-format=false", digest],
          [
            "verify",
            ...withKey("cosign.pub"),
            "--insecure-ignore-tlog",
            "--new-bundle-format=false",
            digest,
          ],
        ],
        delete: [["clean", "--allow-http-registry", "--force", "--type=all", digest]],
      };
    },
  };
}

/** @returns notation, which reads docker's store; for a login of its own it wants a credential helper */
export function notation(tool: Tool): Program {
  return {
    name: "notation",
    tool,
    version: ["version"],
    prepare: async (at) => {
      if (at.target.isGateway)
        await storeDockerLogin(at.target, join(at.folder, "home/.docker/config.json"));
    },
    jobs: (at) => {
      const digest = `${repositoryOf(at)}@${at.image.digest}`;
      const plain = "--insecure-registry";
      return {
        sign: [
          ["cert", "generate-test", "--default", "matrix"],
          ["sign", plain, digest],
          ["list", plain, digest],
        ],
      };
    },
  };
}
