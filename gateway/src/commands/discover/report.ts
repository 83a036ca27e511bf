import type { PassSummary } from "../../discovery/tally.js";

/**
 * @param summary - a pass that ended
 * @param dryRun - whether nothing was changed
 * @returns it for people, line by line
 */
export function reportLines(summary: PassSummary, dryRun: boolean): string[] {
  const { repositories, tags, compared, notCompared, adopted, taken, seconds } = summary;
  const { manifests, incomplete, incompleteLeft } = summary;
  const { absent, absentLeft, missing, drifted, driftLeft, repaired, errors } = summary;
  const rest = notCompared > 0 ? `, ${notCompared} not compared` : "";
  const would = dryRun ? "would be " : "";
  return [
    `repositories  ${repositories}`,
    `tags          ${tags} at the registry, ${compared} compared${rest}`,
    `adopted       ${adopted}${dryRun ? " (would be)" : ""}`,
    ...(taken > 0 ? [`taken over    ${taken}${dryRun ? " (would be)" : ""}`] : []),
    `absent        ${absent}, ${missing} of them missing as of now, ${absentLeft} ${would}left as they are`,
    `drifted       ${drifted}, ${driftLeft} of them ${would}left as they are`,
    `repaired      ${repaired}${dryRun ? " (would be)" : ""}`,
    `manifests     ${manifests} looked into, ${incomplete} lack a part, ${incompleteLeft} of them ${would}left as they are`,
    `errors        ${errors}`,
    `seconds       ${seconds.toFixed(1)}`,
    ...summary.problems.map((problem) => `! ${problem}`),
    ...(dryRun ? ["dry run: nothing was changed"] : []),
  ];
}

/**
 * @param summary - a pass under way
 * @returns it in one short line
 */
export function progressLine(summary: PassSummary): string {
  const { repositories, tags, compared, adopted, absent, drifted, errors } = summary;
  return (
    `${repositories} repositories, ${tags} tags, ${compared} compared, ` +
    `${adopted} adopted, ${absent} absent, ${drifted} drifted, ${errors} errors`
  );
}
