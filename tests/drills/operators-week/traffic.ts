import { registryClient, type RegistryClient } from "#tests/support/registry-client.js";

/** An operation that was not done. */
export interface Failure {
  readonly at: number;
  readonly what: string;
  readonly why: string;
}

/** Who logs in, and by what; it may be given another secret at any time. */
export interface Login {
  user: string;
  secret: string;
}

/** Images are pulled more often than they are pushed. */
const PULLS_PER_PUSH = 3;

/** Clients that push and pull through a load balancer until they are told to end. */
export class Traffic {
  readonly failures: Failure[] = [];
  readonly done = { pushes: 0, pulls: 0 };
  readonly #over = new AbortController();
  readonly #clients: Promise<void>[] = [];

  /**
   * @param url - of the load balancer
   * @param logins - whom each client is, one after the other
   */
  start(url: string, logins: readonly Login[]): void {
    for (const [number, login] of logins.entries())
      this.#clients.push(this.#client(url, number, login));
  }

  /** @returns once everybody has ended what they were at */
  async end(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#clients);
  }

  async #client(url: string, number: number, login: Login): Promise<void> {
    const repository = `alpha/week-${number % 4}`;
    for (let round = 0; !this.#over.signal.aborted; round += 1) {
      const tag = `${number}.${round}`;
      const client = registryClient(url, login.secret, login.user);
      const isPushed = await this.#attempt(`push ${repository}:${tag}`, async () => {
        await client.push(repository, tag, tag);
        this.done.pushes += 1;
      });
      for (let i = 0; isPushed && i < PULLS_PER_PUSH; i += 1)
        await this.#attempt(`pull ${repository}:${tag}`, () => this.#pull(client, repository, tag));
    }
  }

  async #pull(client: RegistryClient, repository: string, tag: string): Promise<void> {
    const { status } = await client.manifest(repository, tag);
    if (status !== 200) throw new Error(`answered ${status}`);
    this.done.pulls += 1;
  }

  async #attempt(what: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.failures.push({ at: Date.now(), what, why: whyOf(error) });
      return false;
    }
  }
}

function whyOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  return `${error instanceof Error ? error.message : String(error)} ${cause}`.trim();
}
