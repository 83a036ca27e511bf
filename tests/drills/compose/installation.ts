import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { waitUntil } from "#local/processes/wait.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import type { Engine } from "./engine.js";
import type { IdentityProvider } from "./identity-provider.js";
import { must } from "./step.js";

const READY_WITHIN_MS = 180_000;
/** User of our images. */
const SERVICE_USER = "1000";

/** A container of the installation, as the engine says. */
export interface Container {
  readonly id: string;
  readonly service: string;
}

/** deploy/docker-compose.yml, in a copy of this working tree, run by an engine of the drill's own. */
export class Installation {
  readonly url: string;
  readonly #engine: Engine;
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(engine: Engine, folder: string, env: NodeJS.ProcessEnv) {
    this.#engine = engine;
    this.#folder = folder;
    this.#env = env;
    this.url = `http://127.0.0.1:${env["PORT"] ?? ""}`;
  }

  /**
   * Does what docs/operations.md has an operator do before the first `up`.
   *
   * @param engine - runs it
   * @param folder - for the copy
   * @param options - port, who knows who somebody is, and the registry's line
   * @returns the installation; nothing runs yet
   */
  static async prepare(
    engine: Engine,
    folder: string,
    options: {
      readonly port: number;
      readonly identities: IdentityProvider;
      readonly line: string;
    },
  ): Promise<Installation> {
    await mkdir(folder, { recursive: true });
    const copy = `git ls-files -co --exclude-standard -z | tar --null -T - -c | tar -x -C "$0"`;
    await must({ file: "sh", args: ["-c", copy, folder], env: process.env, cwd: REPOSITORY_ROOT });
    const secrets = join(folder, "deploy/config/secrets");
    await mkdir(secrets, { recursive: true, mode: 0o700 });
    for (const name of ["database-password", "grafana-password"])
      await writeFile(join(secrets, name), `${randomBytes(24).toString("hex")}\n`, { mode: 0o600 });
    const chown = ["-R", SERVICE_USER, join(folder, "deploy/config")];
    await must({ file: "chown", args: chown, env: process.env });
    const installation = new Installation(engine, folder, {
      REGISTRY_LINE: options.line,
      PORT: String(options.port),
      HTTP_TOKENINFO_URL: options.identities.tokeninfoUrl,
      HTTP_TEAM_SERVICE_URL: options.identities.teamServiceUrl,
    });
    await installation.version("0.1.0");
    return installation;
  }

  /**
   * What is built from now on has this version. Builds get the machine's network: the engine's own may not lead anywhere.
   *
   * @param version - of the images
   */
  async version(version: string): Promise<void> {
    const build = { network: "host", args: { VERSION: version } };
    const services = ["setup", "database", "token-server", "gateway"].map((name) => [
      name,
      { build },
    ]);
    const override = { services: Object.fromEntries(services) as unknown };
    await writeFile(join(this.#folder, "drill.json"), JSON.stringify(override));
  }

  /**
   * @param args - of `docker compose`
   * @param minutes - how long it may take
   * @returns what it printed
   */
  compose(args: readonly string[], minutes?: number): Promise<string> {
    const files = ["deploy/docker-compose.yml", "drill.json"].map((file) =>
      join(this.#folder, file),
    );
    const named = files.flatMap((file) => ["-f", file]);
    return this.#engine.docker(
      ["compose", "--progress=quiet", ...named, ...args],
      minutes,
      this.#env,
    );
  }

  /** @throws Error when it does not come up */
  async up(): Promise<void> {
    await this.compose(["up", "-d", "--no-build"], 10);
  }

  /** @returns the last lines of its services, for whoever asks why */
  async lastLines(): Promise<string> {
    const services = ["postgres", "registry", "token-server", "gateway", "balancer"];
    const lines = services.map((name) =>
      this.compose(["logs", "--tail", "12", name]).catch(String),
    );
    return (await Promise.all(lines)).join("\n");
  }

  /** @returns images of others that it is made of, as it names them */
  async othersImages(): Promise<string[]> {
    const config = JSON.parse(await this.compose(["config", "--format", "json"])) as {
      readonly services: Readonly<
        Record<string, { readonly image: string; readonly build?: object }>
      >;
    };
    const services = Object.values(config.services).filter(({ build }) => build === undefined);
    return [...new Set(services.map(({ image }) => image))];
  }

  /** @returns its containers, those included that have ended */
  async containers(): Promise<Container[]> {
    const ids = (await this.compose(["ps", "-aq"])).split("\n").filter((id) => id !== "");
    const format = '{{.Id}} {{index .Config.Labels "com.docker.compose.service"}}';
    const lines = await this.#engine.docker(["inspect", "--format", format, ...ids]);
    return lines.split("\n").map((line) => {
      const [id = "", service = ""] = line.split(" ");
      return { id, service };
    });
  }

  /**
   * @param path - that the balancer has to answer 200 at
   * @throws Error when it does not
   */
  async ready(path = "/ready"): Promise<void> {
    const asked = async () => {
      const answer = await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(3_000) });
      await answer.body?.cancel();
      return answer.ok;
    };
    if (await waitUntil(asked, { withinMs: READY_WITHIN_MS, everyMs: 250 })) return;
    throw new Error("not ready");
  }
}
