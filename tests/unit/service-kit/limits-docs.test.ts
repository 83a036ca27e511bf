import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { readVariables } from "#gateway/config/config.js";
import { MAX_ENVELOPE_BYTES } from "#gateway/notifications/receive.js";
import { NOTIFICATION_CONNECTIONS } from "#gateway/notifications/config.js";
import { MANIFEST_LIMITS } from "#gateway/proxy/manifest-body.js";
import { LARGE_TURNS, SHARES, SMALL_BYTES, WAITING } from "#gateway/proxy/manifest-turns.js";
import { envReader } from "#service-kit/config.js";
import { MOST_UNANSWERED } from "#service-kit/http/admission.js";
import { HEAD_LIMITS } from "#service-kit/http/head-limits.js";
import { HEADWAY } from "#service-kit/http/headway.js";
import { REST_BODY_LIMITS, REST_JSON_RULES } from "#service-kit/http/json-body.js";
import { LINGER_LIMITS } from "#service-kit/http/lingering-close.js";
import { METRICS_CONNECTIONS } from "#service-kit/http/metrics-listener.js";
import { REFUSALS } from "#service-kit/http/refusal.js";
import { KEEP_ALIVE_MILLISECONDS, MOST_CHECK_MILLISECONDS } from "#service-kit/http/server.js";
import { GRACE_SECONDS } from "#service-kit/http/small-body.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

const TEXT = readFileSync(join(REPOSITORY_ROOT, "docs", "limits.md"), "utf8");
const seconds = (milliseconds: number) => `${milliseconds / 1000} s`;
const kib = (bytes: number) => `${bytes / 1024} KiB`;
const mib = (bytes: number) => `${bytes / 1024 / 1024} MiB`;

/** The row of a table whose first cell begins so, its cells without padding. */
function row(first: string): string {
  const line = TEXT.split("\n").find((text) => text.startsWith(`| ${first}`));
  if (line === undefined) throw new Error(`docs/limits.md has no row ${first}`);
  return line.replace(/ +/g, " ");
}

describe("docs/limits.md says of every listener", () => {
  test("what the head of a request may be", () => {
    expect(row("headers of a request")).toContain(`| ${HEAD_LIMITS.headers} |`);
    expect(row("target and headers together")).toContain(`| ${kib(HEAD_LIMITS.bytes)} |`);
    const noticed = `noticed within ${seconds(MOST_CHECK_MILLISECONDS)}`;
    expect(row("time of the head")).toContain(
      `| ${seconds(HEAD_LIMITS.milliseconds)}, ${noticed} |`,
    );
  });

  test("how much of a connection's time and requests one client has", () => {
    expect(row("requests without an answer")).toContain(`| ${MOST_UNANSWERED} on one connection |`);
    expect(row("silence between two requests")).toContain(
      `| ${seconds(KEEP_ALIVE_MILLISECONDS)} |`,
    );
    expect(HEADWAY.windowMilliseconds).toBe(60_000);
    const rate = `${kib(HEADWAY.leastBytes)} in one of ${HEADWAY.windows} minutes`;
    expect(row("rate of what is large")).toContain(rate);
    const { bytes, milliseconds, silenceMilliseconds, bytesPerSecond } = LINGER_LIMITS;
    const ofOne = `${mib(bytes)}, ${seconds(milliseconds)}, ${seconds(silenceMilliseconds)} of silence`;
    const rest = `${ofOne}; ${mib(bytesPerSecond)}/s of all connections`;
    expect(row("rest of a body that nobody wants")).toContain(rest);
  });

  test("how many connections it has, and what bodies", () => {
    const env = {
      NOTIFICATION_SECRET: "only-the-form-of-this-one-counts-0123456789",
      KEYS_DIR: "keys",
    };
    const { connections, idleSeconds, manifestsAtOnce } = readVariables(envReader(env));
    const { maxBytes, totalMilliseconds, leastBytesPerSecond } = MANIFEST_LIMITS;
    const gateway = row("gateway (`PORT`)");
    for (const text of [
      `\`MAX_CONNECTIONS\`, ${connections.inAll} |`,
      `\`MAX_CONNECTIONS_PER_SOURCE\`, ${connections.perSource} |`,
      `\`IDLE_SECONDS\`, ${idleSeconds} s`,
      `${mib(maxBytes)} in ${seconds(totalMilliseconds)}, ${kib(leastBytesPerSecond)}/s`,
    ])
      expect(gateway).toContain(text);
    const rest = `${kib(REST_BODY_LIMITS.maxBytes)} in ${seconds(REST_BODY_LIMITS.totalMilliseconds)}, ${REST_BODY_LIMITS.leastBytesPerSecond} B/s`;
    const tokenServer = row("token server (`PORT`)");
    expect(tokenServer).toContain(`${rest}; JSON no deeper than ${REST_JSON_RULES.maxDepth}`);
    for (const [name, { inAll, perSource }] of [
      ["metrics", METRICS_CONNECTIONS],
      ["notifications", NOTIFICATION_CONNECTIONS],
    ] as const)
      expect(row(name)).toContain(`| ${inAll} | ${perSource} |`);
    expect(row("notifications")).toContain(`${mib(MAX_ENVELOPE_BYTES)} are understood`);
    expect(SHARES).toBe(4);
    expect(TEXT.replace(/\s+/g, " ")).toContain(
      `beyond ${kib(SMALL_BYTES)}, or of a size that is not named, ${LARGE_TURNS.atOnce}, each by another`,
    );
    expect(TEXT).toContain(`\`MANIFESTS_AT_ONCE\`, ${manifestsAtOnce}, a quarter of them by one`);
    expect(TEXT).toContain(
      `${WAITING.waiting} more wait, up to\n  ${seconds(WAITING.waitMilliseconds)}`,
    );
    expect(GRACE_SECONDS).toBe(5);
    expect(TEXT).toContain("the least rate counts from the sixth second on");
  });

  test("by which word its refusals are counted", () => {
    const told = row("`listener_refusals_total");
    expect(Object.keys(REFUSALS).filter((reason) => !told.includes(`\`${reason}\``))).toEqual([]);
  });
});
