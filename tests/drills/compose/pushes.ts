import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { registryClient } from "#tests/support/registry-client.js";
import type { Engine } from "./engine.js";
import { hold } from "./step.js";

const REPOSITORY = "alpha/drilled";

/** What a user does with the installation, by Docker's own client and without it. */
export class Pushes {
  readonly #engine: Engine;
  readonly #url: string;
  readonly #folder: string;
  readonly #host: string;
  #digest = "";
  /** By tag, what was acknowledged. */
  readonly #acknowledged = new Map<string, string>();

  constructor(engine: Engine, url: string, folder: string) {
    this.#engine = engine;
    this.#url = url;
    this.#folder = folder;
    this.#host = new URL(url).host;
  }

  /** `docker login`, build and push of `1.0`. */
  async first(): Promise<string> {
    await this.#engine.docker(["login", "-u", "oauth2", "-p", "alice-token", this.#host]);
    await this.#build("one", "first");
    await this.#engine.docker(["tag", "one", this.#tag("1.0")]);
    const said = await this.#engine.docker(["push", this.#tag("1.0")]);
    this.#digest = /sha256:[0-9a-f]{64}/.exec(said)?.[0] ?? "";
    hold("docker says the digest of what it pushed", this.#digest !== "", said);
    return this.#digest.slice(0, 19);
  }

  /** Another image under the same tag: refused, by 409, and in docker's own output. */
  async refused(): Promise<string> {
    await this.#build("two", "second");
    await this.#engine.docker(["tag", "two", this.#tag("1.0")]);
    const said = await this.#engine.docker(["push", this.#tag("1.0")]).then(
      () => "it was taken",
      (error: unknown) => String(error),
    );
    hold(
      "docker is told that the tag exists",
      said.includes("tag already exists"),
      said.slice(-400),
    );
    const error = await this.#client()
      .push(REPOSITORY, "1.0", "third")
      .then(() => "201", String);
    hold("the status is 409", error.includes("answered 409"), error);
    return "409, tag already exists";
  }

  /** Takes the image away here, and pulls it. */
  async pulled(): Promise<string> {
    await this.#engine.docker(["image", "rm", "-f", this.#tag("1.0"), "one", "two"]);
    const said = await this.#engine.docker(["pull", this.#tag("1.0")]);
    hold("the pull has what was pushed", said.includes(this.#digest), said);
    return this.#digest.slice(0, 19);
  }

  /**
   * @param tag - a new one
   * @throws Error when it is not taken
   */
  async push(tag: string): Promise<void> {
    this.#acknowledged.set(tag, await this.#client().push(REPOSITORY, tag, tag));
  }

  /** Every tag means what was acknowledged, and none takes anything else. */
  async stand(): Promise<string> {
    const format = ["manifest", "inspect", "--insecure", this.#tag("1.0")];
    await this.#engine.docker(format);
    for (const [tag, digest] of this.#acknowledged) {
      const { status } = await this.#client().manifest(REPOSITORY, digest);
      hold(`${tag} is there`, status === 200, status);
      const again = await this.#client().push(REPOSITORY, tag, tag);
      hold(`${tag} is what was acknowledged`, again === digest, again);
    }
    await this.refused();
    return `${this.#acknowledged.size + 1} tags`;
  }

  #client() {
    return registryClient(this.#url, "alice-token");
  }

  #tag(tag: string): string {
    return `${this.#host}/${REPOSITORY}:${tag}`;
  }

  async #build(name: string, content: string): Promise<void> {
    const context = join(this.#folder, name);
    await mkdir(context, { recursive: true });
    await writeFile(join(context, "Dockerfile"), "FROM scratch\nCOPY content /content\n");
    await writeFile(join(context, "content"), content);
    await this.#engine.docker(["build", "-q", "-t", name, context]);
  }
}
