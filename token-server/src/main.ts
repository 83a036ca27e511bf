import { noteReads } from "#audit-log/administrators-reads.js";
import { decidingSettings } from "#audit-log/deciding-settings.js";
import { settingsFact } from "#audit-log/facts.js";
import { filesReadOnce } from "#service-kit/files-read-once.js";
import { usualPlaces } from "#service-kit/http/listener-config.js";
import { partsOf, type Running } from "#service-kit/run-until-signal.js";
import { startService } from "#service-kit/start-service.js";
import { readConfig, type TokenServerConfig } from "./config/config.js";
import { DECIDING_SETTINGS } from "./config/deciding-settings.js";
import { FOLLOWED_FILES } from "./config/followed-files.js";
import { openBase } from "./wiring/base.js";
import { openCertificate } from "./wiring/certificate.js";
import { openClocks } from "./wiring/clocks.js";
import { openDirectory } from "./wiring/directory.js";
import { openListeners } from "./wiring/listeners.js";
import { openLogins } from "./wiring/logins.js";
import { openPolicy } from "./wiring/policy.js";
import { openProbes } from "./wiring/probes.js";
import { openRegistries } from "./wiring/registries.js";
import { openRequestOrigin } from "./wiring/request-origin.js";
import { openRestApi } from "./wiring/rest-api.js";
import { openRobots } from "./wiring/robots.js";
import { openTokens } from "./wiring/tokens.js";

async function open(config: TokenServerConfig): Promise<Running> {
  const base = await openBase(config, filesReadOnce(process.env, FOLLOWED_FILES));
  const { log, metrics, traces, keys, db, records, unmigrated, files } = base;
  records.note(settingsFact("token-server", decidingSettings(process.env, DECIDING_SETTINGS)));
  const watching = openClocks({ db, log, metrics });
  const { clocks } = watching;
  const listing = await openDirectory(config.directoryFile, { db, records, log, files });
  const { directory, services, changing } = listing;
  const ways = await openLogins(config, { db, log, metrics, records, clocks, files, services });
  const { logins, teams } = ways;
  const { policyFile, service } = config;
  const known = openRegistries(config, { db, log, directory });
  const { registries } = known;
  const facts = { directory, registries };
  const rules = await openPolicy(policyFile, { records, log, metrics, files, facts, service });
  const { policy } = rules;
  const requests = await openRequestOrigin(config, { log, metrics, clocks, files });
  const managing = openRobots(config, { db, log, policy, migrated: () => unmigrated() === null });
  const { robots } = managing;
  const { service: serviceOf } = requests.origin;
  const administered = noteReads(records.tally);
  const deciding = { logins, teams, registries, policy, serviceOf };
  const tokens = openTokens(config, { ...deciding, keys, db, log });
  const search = { ...tokens.issuing, ...known.gateways };
  const about = { robots, managing: known.managing, search, directory: changing };
  const restApi = openRestApi(config, { logins, teams, serviceOf, administered, ...about });
  const probes = openProbes({ db, unmigrated, clocks, log, metrics, files });
  const routed = [tokens, restApi, probes];
  const certificate = await openCertificate(config, { log, metrics, files });
  const heard = { records, traces, requests, certificate };
  const listeners = openListeners(config, { log, metrics, ...heard }, routed);
  const running = [
    base,
    watching,
    requests,
    rules,
    listing,
    ways,
    known,
    managing,
    probes,
    certificate,
    listeners,
  ];
  return { components: partsOf(running), log, noticeSeconds: config.noticeSeconds };
}

const { env, argv } = process;
await startService({ env, argv: argv.slice(2) }, { read: readConfig, places: usualPlaces, open });
