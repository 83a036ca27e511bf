import cluster from "node:cluster";
import { hostname } from "node:os";
import { join } from "node:path";
import { decidingSettings } from "#audit-log/deciding-settings.js";
import { settingsFact } from "#audit-log/facts.js";
import { filesReadOnce } from "#service-kit/files-read-once.js";
import { partsOf, type Running } from "#service-kit/run-until-signal.js";
import { sealer } from "#service-kit/signing/sealer.js";
import { startService } from "#service-kit/start-service.js";
import { workerLink } from "#service-kit/processes/worker-link.js";
import { listeningPlaces, readConfig, type GatewayConfig } from "./config/config.js";
import { DECIDING_SETTINGS } from "./config/deciding-settings.js";
import { FOLLOWED_FILES } from "./config/followed-files.js";
import { openBase } from "./wiring/base.js";
import { openCertificate } from "./wiring/certificate.js";
import { openCallers } from "./wiring/callers.js";
import { openCatalog } from "./wiring/catalog.js";
import { openClocks } from "./wiring/clocks.js";
import { openDeletion } from "./wiring/deletion.js";
import { openDiscovery } from "./wiring/discovery.js";
import { openEvents } from "./wiring/events.js";
import { openLedger } from "./wiring/ledger.js";
import { openLive } from "./wiring/live.js";
import { openListeners } from "./wiring/listeners.js";
import { openMode } from "./wiring/mode.js";
import { openNotifications } from "./wiring/notifications.js";
import { configOfProcess, openProcesses } from "./wiring/processes.js";
import { openProbes } from "./wiring/probes.js";
import { openPublicRoutes } from "./wiring/public-routes.js";
import { openPierOne } from "./wiring/pier-one.js";
import { openPast } from "./wiring/past.js";
import { openPulls } from "./wiring/pulls.js";
import { openRegistryApi } from "./wiring/registry-api.js";
import { openRegistry } from "./wiring/registry.js";
import { openRestApi } from "./wiring/rest-api.js";
import { openStorage } from "./wiring/storage.js";
import { openSources } from "./wiring/sources.js";
import { openTagRules } from "./wiring/tag-rules.js";
import { openTokenServer } from "./wiring/token-server.js";

/** Beside the compiled packages, as `npm run build` leaves it. */
const PAGE = join(import.meta.dirname, "../../../web/dist");

async function open(all: GatewayConfig): Promise<Running> {
  const { isWorker } = cluster;
  const config = configOfProcess(all, cluster.worker?.id);
  const base = await openBase(config, filesReadOnce(process.env, FOLLOWED_FILES));
  const { log, metrics, traces, keys, records, store, db, files } = base;
  records.note(settingsFact("gateway", decidingSettings(process.env, DECIDING_SETTINGS)));
  const unguarded = openRegistry(config, keys, log);
  const tokenServer = openTokenServer(config.tokenServerUrls, keys, { ...config, log });
  const rules = await openTagRules(config.tagPolicyFile, { records, log, files });
  const { policy } = rules;
  const watching = openClocks(config, { db, registry: unguarded, log, metrics });
  const { clocks } = watching;
  const events = openEvents(config, { db, log, metrics, clocks, policy });
  const { audit } = events;
  const mode = openMode(`${hostname()}:${config.port}`, { store, log, metrics });
  const watched = { store, log, metrics, audit, registry: unguarded, mode };
  const standing = openStorage(config, watched);
  const { registry } = standing;
  const sources = openSources({ db, log, metrics, registry, withLayers: config.searchLayers });
  const ledger = openLedger(config, { store, log, metrics, audit, policy, registry, sources });
  const deletion = openDeletion(config, { db, log, audit, policy, ledger, registry });
  const past = openPast(config, { db, log, audit, policy, registry });
  const discovery = openDiscovery(config, { db, log, audit, policy, registry, metrics });
  const callers = openCallers(config, { db, log, clocks, ...tokenServer });
  const pulls = openPulls(config.pullRecordDays, { db, audit, log, metrics, events });
  const reported = { db, log, metrics, audit, policy, registry, discovery, events };
  const notifications = openNotifications(config, reported);
  const manifests = { policy, registry, ledger, sources, deletion, pulls, mode };
  const seals = sealer(keys);
  const asked = { db, log, metrics, callers, sealer: seals, ...manifests };
  const registryApi = openRegistryApi(config, asked);
  const listed = openCatalog({ store, log });
  const { catalog } = listed;
  const live = openLive(config, { db, log, metrics, ledger });
  const told = {
    db,
    log,
    metrics,
    audit,
    records,
    policy,
    catalog,
    ledger,
    registry,
    callers,
    live,
  };
  const { reader } = sources;
  const probes = openProbes({ store, standing, mode, clocks, callers, log, metrics, files });
  const { readiness } = probes;
  const own = { sealer: seals, reader, readiness };
  const restApi = openRestApi({ ...config, pageFolder: PAGE }, told, own);
  const pierOne = openPierOne(told);
  const routed = [registryApi, restApi, pierOne, tokenServer, probes];
  const clients = openPublicRoutes(config, { log, metrics, records, traces }, routed);
  const certified = { log, metrics, files, db, sealer: seals };
  const certificate = await openCertificate(config, certified);
  const heard = { clients, notifications, certificate, isWorker };
  const listeners = openListeners(config, { log, metrics, ...heard });
  const looking = [
    mode,
    standing,
    sources,
    listed,
    discovery,
    callers,
    pulls,
    notifications,
    live,
    probes,
  ];
  const running = [
    base,
    watching,
    events,
    rules,
    ledger,
    deletion,
    past,
    ...looking,
    certificate,
    listeners,
  ];
  const { noticeSeconds } = config;
  if (!isWorker) return { components: partsOf(running), log, noticeSeconds };
  const link = workerLink(metrics.registry);
  return { components: [...partsOf(running), link], log, noticeSeconds, hearStop: link.hearStop };
}

const { env, argv } = process;
await startService(
  { env, argv: argv.slice(2) },
  {
    read: readConfig,
    // One of several processes listens where all of them do.
    places: cluster.isWorker ? () => [] : listeningPlaces,
    open,
    delegate: (config) =>
      config.processes === 1 || cluster.isWorker ? null : openProcesses(config),
  },
);
