import { randomBytes } from "node:crypto";
import type { LookupAddress } from "node:dns";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Webhook } from "standardwebhooks";
import { DeliveryError, type Sink } from "#gateway/events/sink.js";
import type { ResolveAll } from "#gateway/sinks/address-guard.js";
import { auditSink } from "#gateway/sinks/audit-sink.js";
import { cloudEvent } from "#gateway/sinks/cloud-event.js";
import { pierOneAuditEvent } from "#gateway/sinks/pier-one.js";
import type { WebhookSpec } from "#gateway/sinks/sink-spec.js";
import { webhookSink } from "#gateway/sinks/webhook-sink.js";
import { runProgram } from "#local/processes/run-program.js";
import { outgoing, type Outgoing } from "#service-kit/http/outgoing.js";
import { Secret } from "#service-kit/secret.js";
import { eventWith } from "#tests/support/events.js";
import { eventually } from "#tests/support/eventually.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { httpReceiver, type HttpReceiver } from "./support/http-receiver.js";

const REGISTRY = { name: "registry.example.org", uri: "https://registry.example.org" };
const NEVER = new AbortController().signal;
const [SECRET, OTHER_SECRET] = [newSecret(), newSecret()];
const TOKEN = "a-token-nobody-may-see";

let receiver: HttpReceiver;
let folder: TemporaryFolder;
let secretFile: string;
let open: Sink[];
let connections: Outgoing;
beforeEach(async () => {
  [receiver, folder] = await Promise.all([httpReceiver(), temporaryFolder()]);
  secretFile = join(folder.path, "secret");
  await writeFile(secretFile, `${SECRET}\n`);
  open = [];
  connections = outgoing();
});
afterEach(async () => {
  await Promise.all(open.map((sink) => sink.close()));
  connections.close();
  await Promise.all([receiver.stop(), folder.remove()]);
});

function newSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

interface Differences extends Partial<WebhookSpec> {
  readonly host?: string;
  readonly resolve?: ResolveAll;
}

function webhook({ host = "127.0.0.1", resolve, ...spec }: Differences = {}): Sink {
  const url = `http://${host}:${receiver.port}/path-that-is-secret?key=secret`;
  const common = { name: "hook", type: "webhook", actions: ["push"], timeoutSeconds: 10 } as const;
  const target = { url, secretFile, allowLinkLocal: false };
  const sink = webhookSink({ ...common, ...target, ...spec }, REGISTRY, {
    connections,
    resolve,
  });
  open.push(sink);
  return sink;
}

function resolvingTo(...addresses: string[]): ResolveAll {
  return (_hostname, _options, callback) => {
    const found: LookupAddress[] = addresses.map((address) => ({
      address,
      family: address.includes(":") ? 6 : 4,
    }));
    process.nextTick(() => {
      callback(null, found);
    });
  };
}

async function failureOf(sink: Sink, signal = NEVER): Promise<DeliveryError> {
  const failure: unknown = await sink.deliver(eventWith(), signal).then(
    () => null,
    (error: unknown) => error,
  );
  if (failure instanceof DeliveryError) return failure;
  throw new Error(`no DeliveryError: ${String(failure)}`);
}

describe("the webhook sink", () => {
  test("posts a CloudEvent that another implementation of Standard Webhooks verifies", async () => {
    const event = eventWith();
    await webhook().deliver(event, NEVER);
    const [request] = receiver.received;
    expect(request).toMatchObject({
      method: "POST",
      path: "/path-that-is-secret?key=secret",
      headers: { "content-type": "application/cloudevents+json", "webhook-id": event.id },
      body: cloudEvent(event, REGISTRY),
    });
    const verified = new Webhook(SECRET).verify(request?.body ?? "", request?.headers ?? {});
    expect(verified).toMatchObject({ id: event.id, subject: "alpha/app:1.0" });
  });

  test("signs with secrets that were changed while it runs, all of them", async () => {
    const sink = webhook();
    await sink.deliver(eventWith(), NEVER);
    await writeFile(secretFile, `${OTHER_SECRET}\n${SECRET}\n`);
    await sink.deliver(eventWith(), NEVER);
    const [before, after] = receiver.received;
    for (const secret of [SECRET, OTHER_SECRET])
      new Webhook(secret).verify(after?.body ?? "", after?.headers ?? {});
    const tooEarly = () =>
      new Webhook(OTHER_SECRET).verify(before?.body ?? "", before?.headers ?? {});
    expect(tooEarly).toThrow("No matching signature");
  });

  test("sends nothing unsigned when the secret has gone", async () => {
    const sink = webhook();
    await folder.remove();
    expect((await failureOf(sink)).message).toBe(`${secretFile} cannot be read`);
    expect(receiver.received).toEqual([]);
  });

  test("uses a connection again", async () => {
    const sink = webhook();
    for (let time = 0; time < 5; time += 1) await sink.deliver(eventWith(), NEVER);
    expect(receiver.received).toHaveLength(5);
    expect(receiver.connections()).toBe(1);
  });

  test.each([
    [400, true],
    [401, false],
    [403, false],
    [404, false],
    [413, true],
    [422, true],
  ])("takes %s as lasting: %s", async (status, lasting) => {
    receiver.answer = (res) => res.writeHead(status, { "retry-after": "7" }).end("no");
    const message = `127.0.0.1:${receiver.port} answered ${status}`;
    expect(await failureOf(webhook())).toMatchObject({ message, lasting, retryAfterSeconds: null });
  });

  test("takes 410 for the receiver's wish to get no more events", async () => {
    receiver.answer = (res) => res.writeHead(410, { "retry-after": "7" }).end();
    const message = `127.0.0.1:${receiver.port} answered 410, it wants no more events`;
    const wanted = { message, gone: true, lasting: false, retryAfterSeconds: null };
    expect(await failureOf(webhook())).toMatchObject(wanted);
    receiver.answer = (res) => res.writeHead(404).end();
    expect(await failureOf(webhook())).toMatchObject({ gone: false });
  });

  test("is another receiver's with another URL, by a fingerprint that does not tell it", () => {
    const targets = ["a", "a", "b"].map(
      (path) => webhook({ url: `https://hook.example.org/${path}` }).target,
    );
    expect(targets[0]).toBe(targets[1]);
    expect(targets[0]).not.toBe(targets[2]);
    expect(targets[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each([429, 500, 502, 503, 504])("waits as long as %s asks it to", async (status) => {
    receiver.answer = (res) => res.writeHead(status, { "retry-after": "7" }).end();
    expect(await failureOf(webhook())).toMatchObject({ lasting: false, retryAfterSeconds: 7 });
  });

  test.each([301, 302, 307, 308])("does not follow %s", async (status) => {
    const other = await httpReceiver();
    const location = `http://127.0.0.1:${other.port}/`;
    receiver.answer = (res) => res.writeHead(status, { location }).end();
    const failure = await failureOf(webhook());
    expect(failure.message).toContain(`answered ${status}; redirects are not followed`);
    expect(failure.lasting).toBe(false);
    expect(other.connections()).toBe(0);
    await other.stop();
  });

  test("gives up when there is no answer in time", async () => {
    receiver.answer = () => undefined;
    const failure = await failureOf(webhook({ timeoutSeconds: 1 }));
    expect(failure.message).toBe(`127.0.0.1:${receiver.port}: no answer within 1 s`);
    expect(failure.lasting).toBe(false);
  });

  test("ends an attempt when it is told to", async () => {
    const ending = new AbortController();
    receiver.answer = () => {
      ending.abort();
    };
    expect((await failureOf(webhook(), ending.signal)).message).toContain("failed with ABORT_ERR");
  });

  test("waits for the head of an answer alone, however long the rest is", async () => {
    let isClosed = false;
    receiver.answer = (res) => {
      res.writeHead(200).on("close", () => (isClosed = true));
      const more = () => {
        while (!res.destroyed && res.write(Buffer.alloc(65_536)));
        if (!res.destroyed) res.once("drain", more);
      };
      more();
    };
    // Long enough for the bound on the answer's size to be what ends it.
    await webhook({ timeoutSeconds: 60 }).deliver(eventWith(), NEVER);
    await eventually("the connection is closed", () => isClosed, 20_000);
  });

  test("talks to nobody whose certificate is not trusted", async () => {
    const [key, certificate] = [join(folder.path, "key.pem"), join(folder.path, "cert.pem")];
    const made = await runProgram({
      file: "openssl",
      args: [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
        ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        ...["-keyout", key, "-out", certificate],
      ],
      env: process.env,
    });
    expect(made).toMatchObject({ ok: true });
    const requests: string[] = [];
    const server = createServer(
      { key: await readFile(key), cert: await readFile(certificate) },
      (req, res) => {
        requests.push(req.url ?? "");
        res.end();
      },
    ).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const failure = await failureOf(webhook({ url: `https://localhost:${port}/` }));
    expect(failure.message).toBe(`localhost:${port}: failed with DEPTH_ZERO_SELF_SIGNED_CERT`);
    expect(failure.lasting).toBe(false);
    expect(requests).toEqual([]);
    server.closeAllConnections();
    await once(server.close(), "close");
  });

  test("tells of failures without the path, which may hold a secret", async () => {
    const sink = webhook();
    await receiver.stop();
    const { message } = await failureOf(sink);
    expect(message).toBe(`127.0.0.1:${receiver.port}: failed with ECONNREFUSED`);
    receiver = await httpReceiver();
  });
});

describe("the guard of addresses", () => {
  const OUT_OF_BOUNDS = "is or leads to a link-local or metadata address";

  test.each([
    "169.254.169.254",
    "2852039166",
    "[::ffff:169.254.169.254]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "100.100.100.200",
  ])("never connects to %s", async (host) => {
    const failure = await failureOf(webhook({ host }));
    expect(failure.message).toContain(OUT_OF_BOUNDS);
    expect(failure.lasting).toBe(false);
  });

  test.each([[["169.254.169.254"]], [["127.0.0.1", "fd00:ec2::254"]], [["::ffff:a9fe:a9fe"]]])(
    "never connects to a name that leads to %s",
    async (addresses) => {
      const sink = webhook({ host: "hook.example.org", resolve: resolvingTo(...addresses) });
      expect((await failureOf(sink)).message).toContain(`hook.example.org ${OUT_OF_BOUNDS}`);
      expect(receiver.connections()).toBe(0);
    },
  );

  test("connects to the address that it checked, and looks at every new connection's", async () => {
    const answers = [resolvingTo("127.0.0.1"), resolvingTo("169.254.169.254")];
    const asked: string[] = [];
    const rebinding: ResolveAll = (hostname, options, callback) => {
      asked.push(hostname);
      (answers.shift() ?? resolvingTo("169.254.169.254"))(hostname, options, callback);
    };
    const sink = webhook({ host: "hook.example.org", resolve: rebinding });
    receiver.answer = (res) => res.writeHead(204, { connection: "close" }).end();
    await sink.deliver(eventWith(), NEVER);
    expect(asked).toEqual(["hook.example.org"]);
    expect(receiver.received[0]?.headers["host"]).toBe(`hook.example.org:${receiver.port}`);
    expect((await failureOf(sink)).message).toContain(OUT_OF_BOUNDS);
    expect(receiver.connections()).toBe(1);
  });

  test("lets everything be with allowLinkLocal", async () => {
    const resolve = resolvingTo("127.0.0.1", "169.254.169.254");
    await webhook({ host: "hook.example.org", resolve, allowLinkLocal: true }).deliver(
      eventWith(),
      NEVER,
    );
    expect(receiver.received).toHaveLength(1);
  });
});

describe("the audit sink", () => {
  const audit = (differences: { token?: Secret; tokenFile?: string }) => {
    const url = `http://127.0.0.1:${receiver.port}/audit`;
    const common = { name: "audit", type: "audit", actions: ["push"], timeoutSeconds: 10 } as const;
    const sink = auditSink({ ...common, url, allowLinkLocal: false, ...differences }, REGISTRY, {
      connections,
    });
    open.push(sink);
    return sink;
  };

  test("posts Pier One's audit event with the token as it is in its file now", async () => {
    const tokenFile = join(folder.path, "token");
    await writeFile(tokenFile, "first\n");
    const sink = audit({ tokenFile });
    await sink.deliver(eventWith(), NEVER);
    await writeFile(tokenFile, "second\n");
    await sink.deliver(eventWith(), NEVER);
    expect(receiver.received).toMatchObject([
      {
        method: "POST",
        path: "/audit",
        headers: { authorization: "Bearer first", "content-type": "application/json" },
        body: pierOneAuditEvent(eventWith(), REGISTRY.name),
      },
      { headers: { authorization: "Bearer second" } },
    ]);
  });

  test("keeps the token out of its errors", async () => {
    receiver.answer = (res) => res.writeHead(401).end(TOKEN);
    const failure = await failureOf(audit({ token: new Secret(TOKEN) }));
    expect(receiver.received[0]?.headers["authorization"]).toBe(`Bearer ${TOKEN}`);
    expect(`${failure.message} ${String(failure.stack)}`).not.toContain(TOKEN);
    expect(failure.cause).toBeUndefined();
  });

  test("needs no token", async () => {
    await audit({}).deliver(eventWith(), NEVER);
    expect(receiver.received[0]?.headers).not.toHaveProperty("authorization");
  });

  test("wants nothing without a tag", () => {
    expect(audit({}).wants(eventWith({ tag: null }))).toBe(false);
    expect(audit({}).wants(eventWith())).toBe(true);
  });
});
