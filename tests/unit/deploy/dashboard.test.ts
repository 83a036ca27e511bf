import { expect, test } from "@jest/globals";
import { parse } from "yaml";
import { DASHBOARD_FILE, dashboardText } from "../../../deploy/monitoring/dashboard.js";
import { ROWS } from "../../../deploy/monitoring/panels.js";
import { read } from "./support/compose.js";

interface Placed {
  readonly id: number;
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
}

const { panels } = JSON.parse(read(DASHBOARD_FILE)) as { panels: Placed[] };

test("the dashboard's file is what npm run dashboard makes", () => {
  expect(read(DASHBOARD_FILE)).toBe(dashboardText());
});

test("no two panels of the dashboard have a name or a place in common", () => {
  const titles = panels.map(({ title }) => title);
  expect(panels).toHaveLength(ROWS.length + ROWS.flatMap((row) => row.panels).length);
  expect(new Set(titles).size).toBe(titles.length);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const squares = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
  );
  expect(new Set(squares).size).toBe(squares.length);
  expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
});

test("Prometheus' jobs have the names by which rules and dashboard ask, and the ports of the services", () => {
  const { scrape_configs: jobs } = parse(read("deploy/monitoring/prometheus/prometheus.yml")) as {
    scrape_configs: { job_name: string; dns_sd_configs: { port: number; names: string[] }[] }[];
  };
  expect(
    jobs.map(({ job_name: name, dns_sd_configs: [found] }) => [name, found?.names, found?.port]),
  ).toEqual([
    ["gateway", ["gateway"], 9090],
    ["token-server", ["token-server"], 9091],
  ]);
});
