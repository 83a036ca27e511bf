import { startDockerEngine, type DockerEngine } from "#tests/support/docker-engine.js";
import { skopeo } from "#tests/support/skopeo.js";
import type { Client, Target, Visit } from "../job.js";
import { namesFor, type Names } from "../names.js";
import { inTurn } from "./in-turn.js";

/** The engine that both of these ask, started once. */
export interface EngineClients {
  /** docker, and ctr on the engine's own containerd. */
  readonly clients: readonly Client[];
  stop(): Promise<void>;
}

/** @returns the clients of a Docker Engine; a text that says why there is none */
export async function engineClients(): Promise<EngineClients | string> {
  const engine = await startDockerEngine();
  if (typeof engine === "string") return engine;
  const { stdout: cli } = await engine.docker("version", "--format", "{{.Client.Version}}");
  const { stdout: ctr } = await engine.ctr("--version");
  return {
    clients: [
      {
        name: "docker",
        version: `${cli.trim()}, engine ${engine.version}`,
        visit: async (target, folder) =>
          docker(engine, target, await namesFor(target, "docker", folder)),
      },
      {
        name: "ctr (containerd)",
        version: /\d+\.\d+\.\d+/.exec(ctr)?.[0] ?? "",
        visit: async (target, folder) =>
          containerd(engine, target, await namesFor(target, "ctr", folder)),
      },
    ],
    stop: () => engine.stop(),
  };
}

function docker(engine: DockerEngine, target: Target, names: Names): Visit {
  const { host, user, password, isGateway } = target;
  const build = (name: string, content: string) => engine.build(name, `${content} ${host}`);
  const push = (name: string) => engine.docker("push", name);
  return {
    jobs: {
      ...(isGateway ? { login: () => engine.login(host, `${user}:${password}`) } : {}),
      push: () =>
        inTurn(
          () => build(names.first, "one"),
          () => push(names.first),
        ),
      again: () => push(names.first),
      other: () =>
        inTurn(
          () => build(names.first, "another"),
          () => push(names.first),
        ),
      elsewhere: () =>
        inTurn(
          () => build(names.elsewhere, "one"),
          () => push(names.elsewhere),
        ),
      pull: () =>
        inTurn(
          () => engine.docker("rmi", "-f", names.first),
          () => engine.docker("pull", "-q", names.first),
        ),
      list: () =>
        inTurn(
          () => build(names.second, "second"),
          () => push(names.second),
          () =>
            engine.docker(
              "manifest",
              "create",
              "--insecure",
              names.list,
              names.first,
              names.second,
            ),
          () => engine.docker("manifest", "annotate", "--arch", "arm64", names.list, names.second),
          () => engine.docker("manifest", "push", "--insecure", names.list),
          () => engine.docker("manifest", "inspect", "--insecure", names.list),
        ),
    },
  };
}

/** It pushes what it has pulled: without an image of its own, one is put there first. */
function containerd(engine: DockerEngine, target: Target, names: Names): Visit {
  const { user, password, isGateway, url } = target;
  const as = ["--plain-http", ...(isGateway ? ["--user", `${user}:${password}`] : [])];
  const images = (...words: string[]) => engine.ctr("images", ...words);
  const source = (name: string) => `${target.host}/${names.repository}:${name}`;
  const push = (from: string, name: string) =>
    inTurn(
      () => images("tag", "--force", source(from), name),
      () => images("push", ...as, name),
    );
  const seed = async () => {
    const other = skopeo(url, isGateway ? password : null);
    await other.push(names.image, `${names.repository}:source`);
    await other.push(names.another, `${names.repository}:another`);
  };
  return {
    jobs: {
      push: async () => {
        await seed();
        return inTurn(
          () => images("pull", ...as, source("source")),
          () => images("pull", ...as, source("another")),
          () => push("source", names.first),
        );
      },
      again: () => push("source", names.first),
      other: () => push("another", names.first),
      elsewhere: () => push("source", names.elsewhere),
      pull: () => images("pull", ...as, names.first),
    },
  };
}
