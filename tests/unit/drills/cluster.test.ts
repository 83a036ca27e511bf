import { describe, expect, test } from "@jest/globals";
import {
  haproxyConfig,
  patroniConfig,
  type Replication,
} from "#tests/drills/cluster/configurations.js";
import { socketsTo } from "#tests/drills/cluster/connections.js";
import { figuresOf, type ObservedPull, type ObservedPush } from "#tests/drills/cluster/observed.js";
import { conclusionsIn } from "#tests/drills/cluster/verify.js";
import { tableOf } from "#tests/drills/cluster/report.js";

const ROUND = {
  fault: "leader killed",
  struck: 1_000,
  promoted: 9_000,
  whole: 20_000,
  connections: 11,
  remarks: [],
};

function pushed(
  gateway: number | null,
  began: number,
  ended: number,
  end: ObservedPush["end"],
): ObservedPush {
  return { gateway, began, ended, end };
}

describe("the figures of a round", () => {
  test("wait for the slower of two gateways, and for its first push that was acknowledged after the promotion", () => {
    const pushes = [
      pushed(0, 500, 1_500, "acknowledged"),
      pushed(0, 8_900, 9_200, "acknowledged"),
      pushed(1, 9_100, 9_900, "unanswered"),
      pushed(1, 9_500, 11_000, "acknowledged"),
      pushed(null, 9_000, 9_100, "acknowledged"),
    ];
    expect(figuresOf(ROUND, { pushes, pulls: [] }, 2)).toMatchObject({
      toPromotion: 8_000,
      toPushes: 2_000,
      toLastUnanswered: 100,
      toWhole: 19_000,
      acknowledged: 4,
      unanswered: 1,
    });
  });

  test("have no end where a gateway acknowledges nothing any more", () => {
    const pushes = [pushed(0, 9_100, 9_200, "acknowledged"), pushed(1, 9_100, 9_200, "unanswered")];
    expect(figuresOf(ROUND, { pushes, pulls: [] }, 2).toPushes).toBe(Infinity);
  });

  test("count what went on between the fault and its end, and the slowest pull of it", () => {
    const pulled = (began: number, ended: number, failure: string | null): ObservedPull => ({
      ...{ began, ended, failure },
    });
    const pulls = [
      pulled(100, 900, "before"),
      pulled(900, 1_100, null),
      pulled(5_000, 8_000, "503"),
      pulled(21_000, 29_000, "after"),
    ];
    expect(figuresOf(ROUND, { pushes: [], pulls }, 0)).toMatchObject({
      pulls: 2,
      failedPulls: 1,
      slowestPull: 3_000,
    });
  });

  test("of rounds with the same fault are one line, the least and the most of what takes time, the sum of what is counted", () => {
    const seen = { pushes: [pushed(0, 9_100, 9_200, "acknowledged")], pulls: [] };
    const rounds = [ROUND, { ...ROUND, struck: 4_000, connections: 12 }, { ...ROUND, fault: "x" }];
    const [, , killed, other, ...more] = tableOf(rounds.map((round) => figuresOf(round, seen, 1)));
    expect(killed).toBe(
      "| leader killed | 2 | 5.0–8.0 s | 0.2–0.2 s | 0.0–0.0 s | 16.0–19.0 s | 2, 0 | 0, 0 | 0 ms | 12 |",
    );
    expect(other).toContain("| x | 1 |");
    expect(more).toEqual([]);
  });
});

describe("the configurations of a cluster", () => {
  const host = { name: "node1", address: "10.0.0.1" };
  const options = { data: "/d", sockets: "/s", postgresBin: "/b", etcd: "10.0.0.9" };
  const dcsOf = (replication: Replication, ttl = 10) => {
    const settings = { replication, ttl };
    const text = patroniConfig(host, { ...options, network: "10.0.0.0/24", settings });
    return (JSON.parse(text) as { bootstrap: { dcs: Record<string, unknown> } }).bootstrap.dcs;
  };

  test("have commits wait for a standby where replication is synchronous, and only there", () => {
    expect(dcsOf("synchronous")["synchronous_mode"]).toBe(true);
    expect(dcsOf("asynchronous")["synchronous_mode"]).toBe(false);
  });

  test.each([10, 30])("give Patroni time for two attempts within a ttl of %i s", (seconds) => {
    const { ttl, loop_wait, retry_timeout } = dcsOf("synchronous", seconds);
    expect(Number(loop_wait) + 2 * Number(retry_timeout)).toBeLessThanOrEqual(Number(ttl));
  });

  test("have HAProxy ask each node whether it leads, end what leads to one that does not, and keep gateways that have no ledger", () => {
    const config = haproxyConfig([host, { name: "node2", address: "10.0.0.2" }], [8081, 8082]);
    expect(config).toContain("httpchk OPTIONS /primary");
    expect(config).toContain("on-marked-down shutdown-sessions");
    expect(config).toContain("server node2 10.0.0.2:5432 check port 8008");
    expect(config).toContain("httpchk GET /.well-known/health");
    expect(config).toContain("server gateway2 127.0.0.1:8082 check");
  });
});

describe("what verify concludes", () => {
  test("is how many tags the ledger does not know, and whatever else is in capitals", () => {
    const output = [
      "the audit log is whole",
      "2 TAGS OF THE LEDGER ARE NOT AS THE AUDIT LOG SAYS",
      "  alpha/app:V1 is sha256:aa at the registry, not in the ledger",
      "THE LEDGER DOES NOT KNOW 1,204 TAGS OF THE REGISTRY",
    ].join("\n");
    const wrong = ["2 TAGS OF THE LEDGER ARE NOT AS THE AUDIT LOG SAYS"];
    expect(conclusionsIn(output)).toEqual({ unknown: 1_204, wrong });
  });

  test("is nothing where all is right, and wrong where it did not come to its end", () => {
    const sound = "the audit log is whole\nthe ledger knows every tag of the registry\n";
    expect(conclusionsIn(sound)).toEqual({ unknown: 0, wrong: [] });
    expect(conclusionsIn("connect ECONNREFUSED").wrong).toEqual([
      "verify did not come to its end: connect ECONNREFUSED",
    ]);
  });
});

test("connections are those whose other side has one of the ports, in whatever state, and not those without an owner", () => {
  const table = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    "   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0",
    "   1: 0100007F:A001 0100007F:1388 01 00000000:00000000 00:00000000 00000000     0        0 12 1 0",
    "   2: 0100007F:A002 0B004D0A:1538 04 00000000:00000000 00:00000000 00000000     0        0 13 1 0",
    "   3: 0100007F:A003 0100007F:1388 06 00000000:00000000 00:00000000 00000000     0        0 0 1 0",
    "",
  ].join("\n");
  expect(socketsTo([5000, 5432], table)).toEqual(new Set(["12", "13"]));
});
