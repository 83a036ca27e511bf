import { ROWS, type Panel } from "./panels.js";

/** Where Grafana's provisioning has it. */
export const DASHBOARD_FILE = "deploy/monitoring/grafana/dashboards/wharfinger.json";

const COLUMNS = 24;
const HEIGHT = 8;
const PER_LINE = { timeseries: 3, stat: 4 } as const;
const DATASOURCE = { type: "prometheus", uid: "${datasource}" };

/**
 * @returns the dashboard as Grafana's files have it (schema 39, Grafana 11 and later): rows of panels, each with its queries
 */
function dashboard(): object {
  let y = 0;
  let id = 0;
  const panels: object[] = [];
  for (const row of ROWS) {
    panels.push(heading(row.title, (id += 1), y));
    y += 1;
    for (const line of linesOf(row.panels)) {
      for (const [at, panel] of line.entries()) panels.push(picture(panel, (id += 1), { at, y }));
      y += HEIGHT;
    }
  }
  return {
    uid: "wharfinger",
    title: "Wharfinger",
    tags: ["wharfinger"],
    schemaVersion: 39,
    editable: false,
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    templating: { list: [{ name: "datasource", type: "datasource", query: "prometheus" }] },
    panels,
  };
}

/** @returns the file's text */
export function dashboardText(): string {
  return `${JSON.stringify(dashboard(), null, 2)}\n`;
}

/** Panels of one kind stand beside each other, as many as fit. */
function linesOf(panels: readonly Panel[]): Panel[][] {
  const lines: Panel[][] = [];
  for (const panel of panels) {
    const line = lines.at(-1);
    if (line?.[0]?.kind === panel.kind && line.length < PER_LINE[panel.kind]) line.push(panel);
    else lines.push([panel]);
  }
  return lines;
}

function heading(title: string, id: number, y: number) {
  return { id, type: "row", title, collapsed: false, gridPos: { x: 0, y, w: COLUMNS, h: 1 } };
}

function picture(panel: Panel, id: number, { at, y }: { at: number; y: number }) {
  const w = COLUMNS / PER_LINE[panel.kind];
  return {
    id,
    type: panel.kind,
    title: panel.title,
    description: panel.description,
    datasource: DATASOURCE,
    gridPos: { x: at * w, y, w, h: HEIGHT },
    fieldConfig: { defaults: { unit: panel.unit }, overrides: [] },
    targets: panel.queries.map(({ expr, legend }, index) => ({
      refId: "ABCDEFGH".charAt(index),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
    })),
  };
}
