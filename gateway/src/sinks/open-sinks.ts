import type { Outgoing } from "#service-kit/http/outgoing.js";
import { namesOf, type Proxies } from "#service-kit/http/proxies.js";
import type { Logger } from "#service-kit/log.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { Sink } from "../events/sink.js";
import { auditSink } from "./audit-sink.js";
import type { SinksConfig } from "./config.js";
import type { RegistryIdentity } from "./registry-name.js";
import type { SinkSpec } from "./sink-spec.js";
import { snsSink } from "./sns-sink.js";
import { webhookSink } from "./webhook-sink.js";

/**
 * @param config - where events go
 * @param connections - by which they do
 * @returns the sinks; nothing is connected to before the first event
 */
export function openSinks(
  { registry, sinks }: SinksConfig,
  connections: Outgoing,
): readonly Sink[] {
  return sinks.map((spec) => openSink(spec, registry, connections));
}

/**
 * @param sinks - all of them
 * @param ways - by which they are asked
 * @param log - where they are told of at start
 * @returns what closes their connections at the end
 */
export function openedSinks(
  sinks: readonly Sink[],
  { connections, proxies }: { readonly connections: Outgoing; readonly proxies: Proxies },
  log: Logger,
): Component {
  return {
    name: "sinks",
    start: () => {
      const names = sinks.map(({ name, kind }) => `${name} (${kind})`);
      log.info({ event: "sinks.open", sinks: names, proxies: namesOf(proxies) });
      return Promise.resolve();
    },
    stop: async () => {
      await Promise.all(sinks.map((sink) => sink.close()));
      connections.close();
    },
  };
}

function openSink(spec: SinkSpec, registry: RegistryIdentity, connections: Outgoing): Sink {
  switch (spec.type) {
    case "sns":
      return snsSink(spec, registry, connections);
    case "webhook":
      return webhookSink(spec, registry, { connections });
    case "audit":
      return auditSink(spec, registry, { connections });
  }
}
