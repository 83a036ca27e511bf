import { Counter, Gauge, type Registry } from "prom-client";

/**
 * @param registry - the service's metrics
 * @returns is told whenever the database begins to count as away, and when it ends to
 */
export function awayShown(registry: Registry): (isAway: boolean) => void {
  const registers = [registry];
  const away = new Gauge({
    name: "database_away",
    help: "1 while the database counts as away since it says nothing: what needs it is answered at once, without it",
    aggregator: "max",
    registers,
  });
  const silences = new Counter({
    name: "database_silences_total",
    help: "How often the database began to count as away since it said nothing",
    registers,
  });
  return (isAway) => {
    away.set(isAway ? 1 : 0);
    if (isAway) silences.inc();
  };
}
