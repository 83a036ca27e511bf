import { createServer, type Server } from "node:net";
import { ConfigError } from "./config.js";

/** Where a service is to listen, and which variables say so. */
export interface ListeningPlace {
  readonly variables: { readonly host: string; readonly port: string };
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

/** Another process listens there, perhaps not for long. */
export class PortInUse extends Error {
  override readonly name = "PortInUse";
}

/**
 * Looks whether a service can listen where it is to, before it does anything that others see.
 *
 * @param places - where
 * @throws ConfigError when it never can, PortInUse when it cannot now; both name the variables
 */
export async function refuseUnlistenable(places: readonly ListeningPlace[]): Promise<void> {
  const servers: Server[] = [];
  const [wrong, inUse]: string[][] = [[], []];
  for (const place of places) {
    const code = await bindFailure(place, servers);
    if (code === "EADDRINUSE") inUse?.push(faultOf(place, code));
    else if (code !== null) wrong?.push(faultOf(place, code));
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const faults = [...new Set([...(wrong ?? []), ...(inUse ?? [])])];
  if (wrong?.length !== 0) throw new ConfigError(faults);
  if (faults.length > 0) throw new PortInUse(faults.join("\n"));
}

function bindFailure({ host, port }: ListeningPlace, servers: Server[]): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
    server.listen({ host, port, exclusive: true }, () => {
      servers.push(server);
      resolve(null);
    });
  });
}

function faultOf({ variables, host, port }: ListeningPlace, code: string): string {
  if (code === "EADDRINUSE")
    return `${variables.port}: given "${port}", wanted a port of ${host} that nobody listens on (${code})`;
  if (code === "EACCES")
    return `${variables.port}: given "${port}", wanted a port that this user may listen on (${code})`;
  return `${variables.host}: given ${JSON.stringify(host)}, wanted an address of this machine (${code})`;
}
