import type { Engine } from "./engine.js";
import type { Container } from "./installation.js";
import { hold } from "./step.js";

/** What of `docker inspect` is looked at. */
interface Inspected {
  readonly Config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly Memory: number;
    readonly RestartPolicy: { readonly Name: string };
    readonly LogConfig: { readonly Config: Readonly<Record<string, string>> };
  };
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly Health?: { readonly Status: string };
  };
}

/** Those that end by themselves. */
const ONCE = ["setup", "database"];
const OURS = [...ONCE, "token-server", "gateway"];
/** What nobody's environment may name without `_FILE`. */
const PASSWORD = /^(?:\w*PASSWORD\w*|\w*SECRET\w*)(?<!_FILE)=./;

/**
 * @param engine - that runs it
 * @param containers - all of an installation
 * @returns how many there are, for whoever watches
 * @throws Error that says what is not as it has to be
 */
export async function holdConfined(
  engine: Engine,
  containers: readonly Container[],
): Promise<string> {
  for (const { id, service } of containers) {
    const one = await inspect(engine, id);
    const { Config, HostConfig, State } = one;
    const is = (what: string, isSo: boolean, seen: unknown) => {
      hold(`${service}: ${what}`, isSo, seen);
    };
    is("has no password in its environment", !Config.Env.some((name) => PASSWORD.test(name)), "");
    is("rotates its log", HostConfig.LogConfig.Config["max-size"] === "50m", HostConfig.LogConfig);
    if (ONCE.includes(service)) is("ended well", State.ExitCode === 0, State);
    else is("runs, and again after an end", isKept(one), [State.Status, HostConfig.RestartPolicy]);
    if (OURS.includes(service)) {
      is("is no root", Config.User === "node", Config.User);
      is("cannot write to its image", HostConfig.ReadonlyRootfs, HostConfig.ReadonlyRootfs);
      is(
        "has no right of root's",
        HostConfig.CapDrop?.includes("ALL") === true,
        HostConfig.CapDrop,
      );
      const privileges = HostConfig.SecurityOpt ?? [];
      is("gets none", privileges.includes("no-new-privileges:true"), privileges);
    }
    if (OURS.includes(service) && !ONCE.includes(service)) {
      is("is healthy", State.Health?.Status === "healthy", State.Health?.Status);
      is("has a bound on its memory", HostConfig.Memory > 0, HostConfig.Memory);
      const wrote = engine.docker(["exec", id, "touch", "/app/written"]).then(
        () => true,
        () => false,
      );
      is("does not write when it tries", !(await wrote), "");
      is("runs as user 1000", (await engine.docker(["exec", id, "id", "-u"])) === "1000", "");
    }
  }
  await holdApart(engine, containers);
  return `${containers.length} containers`;
}

function isKept({ State, HostConfig }: Inspected): boolean {
  return State.Status === "running" && HostConfig.RestartPolicy.Name === "unless-stopped";
}

/** The registry is given no key that signs what it believes, and neither service the other's. */
async function holdApart(engine: Engine, containers: readonly Container[]): Promise<void> {
  const keys = async (service: string, folder: string) => {
    const id = containers.find((container) => container.service === service)?.id ?? "";
    const listed = engine.docker(["exec", id, "ls", `/etc/wharfinger/private/${folder}`]);
    return listed.catch(() => "");
  };
  hold("the gateway has its keys", (await keys("gateway", "gateway")).includes(".pem"));
  hold("the registry has nobody's keys", (await keys("registry", "gateway")) === "");
  hold("the token server has not the gateway's", (await keys("token-server", "gateway")) === "");
  hold("the gateway has not the token server's", (await keys("gateway", "token-server")) === "");
}

/**
 * @param engine - that runs it
 * @param containers - all of an installation
 * @param version - that ours have to have
 * @throws Error that names who has another one
 */
export async function holdVersion(
  engine: Engine,
  containers: readonly Container[],
  version: string,
): Promise<void> {
  for (const { id, service } of containers.filter((one) => OURS.includes(one.service))) {
    const { Config } = await inspect(engine, id);
    const seen = Config.Labels["org.opencontainers.image.version"];
    hold(`${service} is ${version}`, seen === version, seen);
  }
}

/**
 * @param engine - that has them
 * @returns a line for each image of ours: size, and its layers, with the largest one
 */
export async function imageTable(engine: Engine): Promise<string[]> {
  const names = ["gateway", "token-server", "setup", "database"].map(
    (name) => `wharfinger/${name}`,
  );
  const base = await layersOf(engine, "node:24-bookworm-slim");
  return Promise.all(
    names.map(async (name) => {
      const layers = await layersOf(engine, name);
      const size = Number(await engine.docker(["image", "inspect", "--format", "{{.Size}}", name]));
      const baseSize = Number(
        await engine.docker(["image", "inspect", "--format", "{{.Size}}", "node:24-bookworm-slim"]),
      );
      const own = layers.filter((layer) => !base.includes(layer)).length;
      const mebi = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;
      return `${name}: ${mebi(size)}, ${mebi(size - baseSize)} of it not its base's, in ${own} of ${layers.length} layers`;
    }),
  );
}

async function layersOf(engine: Engine, name: string): Promise<string[]> {
  const format = "{{json .RootFS.Layers}}";
  return JSON.parse(
    await engine.docker(["image", "inspect", "--format", format, name]),
  ) as string[];
}

async function inspect(engine: Engine, id: string): Promise<Inspected> {
  return JSON.parse(await engine.docker(["inspect", "--format", "{{json .}}", id])) as Inspected;
}
