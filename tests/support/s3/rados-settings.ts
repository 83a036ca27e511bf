import { join } from "node:path";

/** What a cluster of one monitor and one disk is told. */
export interface RadosSettings {
  /** Folder of everything that it writes. */
  readonly folder: string;
  /** Folder of what its programs load. */
  readonly libraries: string;
  readonly monitorPort: number;
  readonly gatewayPort: number;
  readonly clusterId: string;
}

/**
 * @param settings - what it is told
 * @returns text of `ceph.conf`: objects are kept once, in memory, and nobody of the cluster proves who he is
 */
export function radosConfiguration(settings: RadosSettings): string {
  const { folder, libraries } = settings;
  const lines = {
    fsid: settings.clusterId,
    "mon host": `v2:127.0.0.1:${settings.monitorPort}`,
    "mon initial members": "a",
    "public addr": "127.0.0.1",
    "cluster addr": "127.0.0.1",
    ...NO_PROOFS,
    ...paths(folder, libraries),
    ...ONE_DISK_IN_MEMORY,
    ...IN_A_HURRY,
  };
  return [
    ...section("global", lines),
    ...section("client", {
      keyring: join(folder, "none"),
      "rgw frontends": `beast endpoint=127.0.0.1:${settings.gatewayPort}`,
      "rgw dynamic resharding": "false",
      "rgw override bucket index max shards": "1",
    }),
    "",
  ].join("\n");
}

const NO_PROOFS = {
  "auth cluster required": "none",
  "auth service required": "none",
  "auth client required": "none",
  "ms mon cluster mode": "crc",
  "ms mon service mode": "crc",
  "ms mon client mode": "crc",
};

const ONE_DISK_IN_MEMORY = {
  "osd objectstore": "memstore",
  "memstore device bytes": `${4 * 1024 ** 3}`,
  "osd crush chooseleaf type": "0",
  "osd pool default size": "1",
  "osd pool default min size": "1",
  "osd pool default pg num": "1",
  "osd pool default pgp num": "1",
  "osd pool default pg autoscale mode": "off",
  "mon allow pool size one": "true",
  "mon max pg per osd": "1000",
  // However full the disk of its folder is.
  "mon data avail crit": "0",
  "mon data avail warn": "0",
};

/** A pool is made in a round of the monitors' votes; there is one monitor. */
const IN_A_HURRY = { "paxos propose interval": "0.05", "paxos min wait": "0.01" };

function paths(folder: string, libraries: string) {
  return {
    "run dir": join(folder, "run"),
    "crash dir": join(folder, "run"),
    "log file": join(folder, "$name.log"),
    "pid file": "",
    "admin socket": "",
    "mon data": join(folder, "mon"),
    "osd data": join(folder, "osd"),
    "plugin dir": join(libraries, "ceph"),
    "erasure code dir": join(libraries, "ceph", "erasure-code"),
    "osd class dir": join(libraries, "rados-classes"),
  };
}

function section(name: string, lines: Readonly<Record<string, string>>): string[] {
  return [`[${name}]`, ...Object.entries(lines).map(([key, value]) => `${key} = ${value}`)];
}
