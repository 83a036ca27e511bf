import type { RoundFigures } from "./observed.js";

/**
 * @param rounds - figures of each
 * @returns a table in Markdown, a line for each fault: the worst of its rounds, sums of what is counted
 */
export function tableOf(rounds: readonly RoundFigures[]): string[] {
  const faults = [...new Set(rounds.map(({ fault }) => fault))];
  return [
    "| the leader | rounds | promotion after | pushes again after | last push without answer | whole again after | pushes acknowledged, unanswered | pulls, failed | slowest pull | connections of a gateway |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...faults.map((fault) =>
      lineOf(
        fault,
        rounds.filter((round) => round.fault === fault),
      ),
    ),
  ];
}

function lineOf(fault: string, rounds: readonly RoundFigures[]): string {
  const seconds = (name: keyof RoundFigures) => {
    const values = rounds.map((round) => Number(round[name]) / 1_000).sort((a, b) => a - b);
    const [least = 0, most = 0] = [values[0], values.at(-1)];
    return `${least.toFixed(1)}–${most.toFixed(1)} s`;
  };
  const sum = (name: keyof RoundFigures) =>
    rounds.reduce((all, round) => all + Number(round[name]), 0);
  const most = (name: keyof RoundFigures) =>
    Math.max(...rounds.map((round) => Number(round[name])));
  const cells = [
    ...[fault, rounds.length, seconds("toPromotion"), seconds("toPushes")],
    ...[seconds("toLastUnanswered"), seconds("toWhole")],
    `${sum("acknowledged")}, ${sum("unanswered")}`,
    `${sum("pulls")}, ${sum("failedPulls")}`,
    `${Math.round(most("slowestPull"))} ms`,
    most("connections"),
  ];
  return `| ${cells.join(" | ")} |`;
}
