import type { Registry } from "prom-client";
import type { Component, HearStop } from "../run-until-signal.js";
import { isOfKind, type FromWorker, type ToWorker } from "./messages.js";

/** A process' side of the channel to the one that started it. */
export interface WorkerLink extends Component {
  /** Where the process hears that it is to end, besides signals: a terminal and systemd send those to everybody. */
  readonly hearStop: HearStop;
}

/** The channel; of the process itself, but in tests. */
export interface Channel {
  on(event: "message", hear: (message: unknown) => void): unknown;
  send?(message: FromWorker): unknown;
}

/**
 * @param registry - the process' metrics
 * @param channel - to the process that started it
 * @returns a component, to be started last, which then tells that the process is up; answers to who asks for metrics
 */
export function workerLink(registry: Registry, channel: Channel = process): WorkerLink {
  let rise: Parameters<HearStop>[0] = () => undefined;
  channel.on("message", (message) => {
    if (!isOfKind(message, ["stop", "metrics"])) return;
    const told = message as ToWorker;
    if (told.kind === "stop") rise(told.urgency);
    else
      void registry.getMetricsAsJSON().then((metrics) => {
        channel.send?.({ kind: "metrics", metrics });
      });
  });
  return {
    name: "worker link",
    hearStop: (hear) => {
      rise = hear;
    },
    start: () => {
      channel.send?.({ kind: "up" });
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
  };
}
