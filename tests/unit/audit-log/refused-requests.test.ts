import { expect, test } from "@jest/globals";
import { noteRefusals } from "#audit-log/refused-requests.js";
import type { AuditEntry } from "#audit-log/entry.js";
import { countedFor } from "#audit-log/tally.js";
import type { RefusedRequest } from "#service-kit/http/request-context.js";

const KNOWN = { uid: "alice", realm: "/employees", kind: "oauth2" };

function noted(who: typeof KNOWN | null, address: string, code = "DENIED"): AuditEntry[] {
  const all: AuditEntry[] = [];
  const client = {
    address,
    scheme: "https",
    host: null,
    isProxied: false,
    ignored: false,
  } as const;
  const context = { who, client, requestId: "r1", subject: {}, userAgent: "docker/28" };
  const request: RefusedRequest = { code, reason: "no", method: "PUT", route: "x", context };
  noteRefusals({ note: (entry) => all.push(entry) })(request);
  return all;
}

test("who logged in counts by their login, whoever did not by the network that one customer has", () => {
  const by = (who: typeof KNOWN | null, address: string) =>
    noted(who, address).map(({ actor }) => countedFor(actor))[0];
  expect(by(KNOWN, "192.0.2.1")).toBe(by(KNOWN, "192.0.2.2"));
  expect(by(KNOWN, "192.0.2.1")).not.toBe(by({ ...KNOWN, realm: "/services" }, "192.0.2.1"));
  expect(by(null, "2001:db8:1:2::3")).toBe(by(null, "2001:db8:1:2:ffff::4"));
  expect(by(null, "192.0.2.1")).not.toBe(by(null, "192.0.2.2"));
});

test.each(["UNAUTHORIZED", "MANIFEST_INVALID", "TAG_HELD", "UNAVAILABLE", "UNKNOWN"])(
  "%s is no refusal, or on record otherwise",
  (code) => {
    expect(noted(KNOWN, "192.0.2.1", code)).toEqual([]);
    expect(noted(KNOWN, "192.0.2.1")).toHaveLength(1);
  },
);
