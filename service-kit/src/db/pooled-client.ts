import pg from "pg";
import { connectionOptions, type DatabaseConfig } from "./config.js";
import { endClient } from "./end-client.js";
import { refuseReadOnly, type ServerChoice } from "./servers.js";

/** As the driver's types have it. */
type ConnectCallback = ((error: Error) => void) | ((error: null, client: pg.Client) => void);

const nothing = () => undefined;

/**
 * @param config - where the database is
 * @param choice - which of its servers; one that cannot be connected to, or not be written to, is useless
 * @returns connections for a pool: each goes to the server that is chosen when it is made, with the password that holds then
 */
export function pooledClient(config: DatabaseConfig, choice: ServerChoice): new () => pg.Client {
  return class extends pg.Client {
    readonly #server;

    constructor(options?: string | pg.ClientConfig) {
      const server = choice.current();
      super({
        ...connectionOptions(config, server),
        ...(options as pg.ClientConfig),
        // Statements that nobody has waited before go to the server together.
        pipeline: true,
      });
      this.#server = server;
    }

    override connect(): Promise<pg.Client>;
    override connect(callback: ConnectCallback): void;
    override connect(callback?: ConnectCallback): Promise<pg.Client> | undefined {
      const connected = this.#connectWritable();
      if (callback === undefined) return connected;
      const told = callback as (error: Error | null) => void;
      connected.then(() => {
        told(null);
      }, told);
      return undefined;
    }

    async #connectWritable(): Promise<pg.Client> {
      // The pool listens from when it is connected.
      this.on("error", nothing);
      try {
        await super.connect();
        if (choice.count > 1) await refuseReadOnly(this);
      } catch (error) {
        choice.isUseless(this.#server);
        void endClient(this);
        throw error;
      }
      this.off("error", nothing);
      return this;
    }
  };
}
