import { describe, expect, test } from "@jest/globals";
import { sourceKey } from "#token-server/limits/source-key.js";

describe("failures are counted under", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["192.0.2.1:5555", "192.0.2.1"],
    [" 192.0.2.1 ", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["[::ffff:192.0.2.1]:80", "192.0.2.1"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:DB8:0:0:ffff::1", "2001:db8:0:0::/64"],
    ["2001:0db8:0000:0000:1:2:3:4", "2001:db8:0:0::/64"],
    ["[2001:db8:0:1::1]:443", "2001:db8:0:1::/64"],
    ["[2001:db8:0:1::1]", "2001:db8:0:1::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
  ])("%s: %s", (address, key) => {
    expect(sourceKey(address)).toBe(key);
  });

  test.each([
    "",
    "unknown",
    "_hidden",
    "1.2.3.4.5",
    "192.0.2.256",
    "192.0.2.1:port",
    "2001:db8:::1",
  ])("%j, which is no address: one count for all of them", (address) => {
    expect(sourceKey(address)).toBe("unknown");
  });
});
