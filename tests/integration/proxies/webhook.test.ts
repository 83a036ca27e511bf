import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LookupAddress } from "node:dns";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { DeliveryError } from "#gateway/events/sink.js";
import type { ResolveAll } from "#gateway/sinks/address-guard.js";
import { webhookSink } from "#gateway/sinks/webhook-sink.js";
import { envReader } from "#service-kit/config.js";
import { outgoing, type Outgoing } from "#service-kit/http/outgoing.js";
import { readProxies } from "#service-kit/http/proxies.js";
import { eventWith } from "#tests/support/events.js";
import { startForwardProxy, type TestForwardProxy } from "#tests/support/forward-proxy.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { trustedFronts, type TlsFront, type TrustedFronts } from "#tests/support/tls-front.js";
import { httpReceiver, type HttpReceiver } from "../sinks/support/http-receiver.js";

const REGISTRY = { name: "registry.example.org", uri: "https://registry.example.org" };
const NEVER = new AbortController().signal;
const CREDENTIALS = "gateway:hunter-2-nobody-may-see";
const METADATA = "169.254.169.254";

let receiver: HttpReceiver;
let folder: TemporaryFolder;
let fronts: TrustedFronts;
let front: TlsFront;
let proxy: TestForwardProxy;
let open: Outgoing[];
beforeEach(async () => {
  [receiver, folder, fronts] = await Promise.all([
    httpReceiver(),
    temporaryFolder(),
    trustedFronts(),
  ]);
  await writeFile(join(folder.path, "secret"), `whsec_${"A".repeat(43)}=\n`);
  front = await fronts.before(receiver.port, ["hook.example.org"]);
  proxy = await startForwardProxy(CREDENTIALS);
  open = [];
});
afterEach(async () => {
  for (const each of open) each.close();
  fronts.forget();
  await Promise.all([front.stop(), proxy.stop(), receiver.stop(), folder.remove()]);
});

interface Options {
  readonly url?: string;
  readonly env?: Record<string, string>;
  readonly resolve?: ResolveAll;
  readonly allowLinkLocal?: boolean;
  readonly timeoutSeconds?: number;
}

function webhook({ url, env, resolve, ...options }: Options = {}) {
  const given = { HTTPS_PROXY: proxy.url(), HTTP_PROXY: proxy.url(), ...env };
  const connections = outgoing(readProxies(envReader(given)));
  open.push(connections);
  const spec = {
    ...({ name: "hook", type: "webhook", actions: ["push"], timeoutSeconds: 10 } as const),
    url: url ?? `https://hook.example.org:${front.port}/path?key=secret`,
    secretFile: join(folder.path, "secret"),
    allowLinkLocal: false,
    ...options,
  };
  return webhookSink(spec, REGISTRY, { connections, resolve: resolve ?? unknown });
}

const unknown: ResolveAll = (hostname, _options, callback) => {
  callback(Object.assign(new Error(hostname), { code: "ENOTFOUND" }), []);
};

const leadingTo =
  (...addresses: string[]): ResolveAll =>
  (_hostname, _options, callback) => {
    const found: LookupAddress[] = addresses.map((address) => ({ address, family: 4 }));
    callback(null, found);
  };

async function failureOf(sink: ReturnType<typeof webhook>): Promise<DeliveryError> {
  const failure: unknown = await sink.deliver(eventWith(), NEVER).then(
    () => null,
    (error: unknown) => error,
  );
  if (!(failure instanceof DeliveryError)) throw new Error(`no DeliveryError: ${String(failure)}`);
  expect(`${failure.message} ${String(failure.stack)}`).not.toContain("nobody-may-see");
  return failure;
}

describe("an event for a webhook", () => {
  test("goes by the proxy, which finds the address, on a connection that is kept", async () => {
    const sink = webhook();
    for (let time = 0; time < 3; time += 1) await sink.deliver(eventWith(), NEVER);
    expect(receiver.received).toHaveLength(3);
    expect(receiver.received[0]).toMatchObject({ method: "POST", path: "/path?key=secret" });
    expect(receiver.received[0]?.headers).not.toHaveProperty("proxy-authorization");
    expect(proxy.asked).toEqual([`CONNECT hook.example.org:${front.port}`]);
  });

  test("goes by the proxy in plain text, too", async () => {
    const url = `http://hook.example.org:${receiver.port}/path`;
    await webhook({ url }).deliver(eventWith(), NEVER);
    expect(receiver.received).toHaveLength(1);
    expect(proxy.asked).toEqual([`POST ${url}`]);
  });

  test("goes past it with NO_PROXY", async () => {
    const sink = webhook({ env: { NO_PROXY: ".example.org" }, resolve: leadingTo("127.0.0.1") });
    await sink.deliver(eventWith(), NEVER);
    expect(receiver.received).toHaveLength(1);
    expect(proxy.asked).toEqual([]);
  });

  test.each([403, 407, 502] as const)("is tried again when the proxy says %d", async (status) => {
    proxy.meet(status);
    const failure = await failureOf(webhook());
    expect(failure).toMatchObject({ lasting: false, gone: false });
    expect(failure.message).toMatch(
      new RegExp(
        `^hook.example.org:\\d+ through the proxy ${proxy.name}: the proxy answered ${status}`,
      ),
    );
  });

  test("is tried again, and the sink not stopped, when it is the proxy that says 410", async () => {
    proxy.meet(410);
    expect(await failureOf(webhook())).toMatchObject({ lasting: false, gone: false });
  });

  test("is tried again when the proxy is away, or silent", async () => {
    const env = { HTTPS_PROXY: `http://${CREDENTIALS}@127.0.0.1:1` };
    expect((await failureOf(webhook({ env }))).message).toBe(
      `hook.example.org:${front.port} through the proxy 127.0.0.1:1: failed with ECONNREFUSED`,
    );
    proxy.meet("silent");
    expect((await failureOf(webhook({ timeoutSeconds: 1 }))).message).toBe(
      `hook.example.org:${front.port} through the proxy ${proxy.name}: no answer within 1 s`,
    );
  });
});

describe("the guard of addresses, behind a proxy", () => {
  const OUT_OF_BOUNDS = "is or leads to a link-local or metadata address";

  test.each([METADATA, "2852039166", "[::ffff:169.254.169.254]", "100.100.100.200"])(
    "asks no proxy for %s",
    async (host) => {
      for (const scheme of ["https", "http"])
        expect((await failureOf(webhook({ url: `${scheme}://${host}/` }))).message).toContain(
          OUT_OF_BOUNDS,
        );
      expect(proxy.asked).toEqual([]);
    },
  );

  test("asks no proxy for a name that is known to lead there, and looks once a minute", async () => {
    let looked = 0;
    const resolve: ResolveAll = (hostname, options, callback) => {
      looked += 1;
      leadingTo("203.0.113.1", METADATA)(hostname, options, callback);
    };
    const sink = webhook({ resolve });
    for (let time = 0; time < 3; time += 1)
      expect((await failureOf(sink)).message).toContain(`hook.example.org ${OUT_OF_BOUNDS}`);
    expect(proxy.asked).toEqual([]);
    expect(looked).toBe(1);
  });

  test("leaves a name that nobody here knows to the proxy", async () => {
    await webhook({ resolve: unknown }).deliver(eventWith(), NEVER);
    expect(receiver.received).toHaveLength(1);
  });

  test("lets everything be with allowLinkLocal", async () => {
    await webhook({ resolve: leadingTo(METADATA), allowLinkLocal: true }).deliver(
      eventWith(),
      NEVER,
    );
    expect(receiver.received).toHaveLength(1);
  });

  test("says nothing of the proxy itself, which is where the operator says", async () => {
    // It is on this machine; the same addresses are out of bounds for a name that a webhook leads to.
    const port = await refusedPort();
    const env = { HTTPS_PROXY: `http://${CREDENTIALS}@169.254.0.1:${port}` };
    const failure = await failureOf(webhook({ env, timeoutSeconds: 1 }));
    expect(failure.message).toContain(`through the proxy 169.254.0.1:${port}: `);
    expect(failure.message).not.toContain(OUT_OF_BOUNDS);
  });
});

/** @returns a port at which nobody listens any more */
async function refusedPort(): Promise<number> {
  const other = await startForwardProxy();
  await other.stop();
  return other.port;
}
