import { readVariables as readAudit } from "#audit-log/config.js";
import { readVariables as readGateway } from "#gateway/config/config.js";
import { readVariables as readLocal } from "#local/settings.js";
import { readBucketVariables } from "#registry-config/storage-variables.js";
import type { EnvReader } from "#service-kit/config.js";
import { readDatabaseConfig } from "#service-kit/db/config.js";
import { readVariables as readTokenServer } from "#token-server/config/config.js";
import { VARIABLES as OF_WHARF } from "../../cli/src/variables.js";
import { readRegistryOptions } from "../../deploy/compose/registry-options.js";

/** Something that is run, and how it reads its variables. */
export interface Program {
  readonly name: string;
  readonly read: (read: EnvReader) => unknown;
}

export const TOKEN_SERVER: Program = { name: "token server", read: readTokenServer };
export const GATEWAY: Program = { name: "gateway", read: readGateway };

/** What is run beside the services, and has tables of its own where it reads what they do not. */
export const COMMANDS: readonly Program[] = [
  { name: "`npm run verify`, `npm run audit`", read: readAudit },
  { name: "`npm run discover`", read: readGateway },
  { name: "`npm run outbox`", read: readDatabaseConfig },
  { name: "`npm run mode`", read: readDatabaseConfig },
  { name: "`npm run migrate`", read: readDatabaseConfig },
  { name: "`npm run registry-config`", read: readBucketVariables },
  { name: "`npm run keys`", read: () => undefined },
  { name: "`npm run self-signed`", read: () => undefined },
  { name: "`npm run wharf`", read: readWharf },
  { name: "docker-compose: `setup`", read: readRegistryOptions },
  { name: "docker-compose: `database`", read: readDatabaseConfig },
  { name: "`npm start`", read: readLocal },
  { name: "`npm run collect-garbage`, `npm run messages`", read: readOnThisMachine },
];

/** What runs in the images of docker-compose, by the name of the service. */
export const OF_COMPOSE: Readonly<Record<string, Program["read"]>> = {
  setup: readRegistryOptions,
  database: readDatabaseConfig,
  "token-server": readTokenServer,
  gateway: readGateway,
};

/** They go to the stack that runs on this machine. */
function readOnThisMachine(read: EnvReader): void {
  readLocal(read);
  readDatabaseConfig(read);
}

/** The command line is a package of its own, with nothing of ours. */
function readWharf(read: EnvReader): void {
  for (const [name, meaning] of Object.entries(OF_WHARF)) read.optionalText(name, meaning);
}
