import { describe, expect, test } from "@jest/globals";
import { isForbiddenAddress, isForbiddenLiteral } from "#gateway/sinks/address-guard.js";

describe("a forbidden address", () => {
  test.each([
    "169.254.0.0",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.255.255",
    "100.100.100.200",
    "168.63.129.16",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "fd00:ec2::254",
    "FD00:0EC2:0:0:0:0:0:0254",
    "fd20:ce::254",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "::ffff:100.100.100.200",
    "::169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b::6464:64c8",
    "64:ff9b:1::a9fe:a9fe",
    "64:ff9b:1::169.254.169.254",
    "64:ff9b:1:2:3:4:a9fe:a9fe",
    "64:ff9b:1:a9fe:a9:fe00::",
    "64:ff9b:1:a9:fe:a9fe::",
    "64:ff9b:1:2:a9:fea9:fe00:0",
    "64:ff9b:1::6464:64c8",
    "::ffff:0:a9fe:a9fe",
    "::ffff:0:169.254.169.254",
    "::ffff:0:a83f:8110",
    "2002:a9fe:a9fe::1",
  ])("is %s", (address) => {
    expect(isForbiddenAddress(address)).toBe(true);
  });

  test.each([
    "127.0.0.1",
    "::1",
    "10.0.0.1",
    "192.168.0.1",
    "169.253.255.255",
    "169.255.0.0",
    "100.100.100.199",
    "100.100.100.201",
    "fec0::1",
    "fd00:ec3::254",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:a9fd:a9fe",
    "64:ff9b::808:808",
    "64:ff9b:1::808:808",
    "64:ff9b:1:2:3:4:808:808",
    "64:ff9b:2::a9fe:a9fe",
    "::ffff:0:808:808",
    "2002:a9ff::1",
    "registry.example.org",
  ])("is not %s", (address) => {
    expect(isForbiddenAddress(address)).toBe(false);
  });

  test.each([
    "http://169.254.169.254/latest",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://169.254.43518/",
    "http://[fe80::1]/",
    "http://[::ffff:169.254.169.254]:8080/",
    "http://[fd00:ec2::254]/",
    "http://[64:ff9b:1::a9fe:a9fe]/",
    "http://[::ffff:0:a9fe:a9fe]/",
  ])("is found in %s", (url) => {
    expect(isForbiddenLiteral(new URL(url))).toBe(true);
  });

  test("is not found in a name, which is looked up", () => {
    expect(isForbiddenLiteral(new URL("http://metadata.example.org/"))).toBe(false);
  });
});
