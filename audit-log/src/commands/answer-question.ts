import type { Database } from "#service-kit/db/pool.js";
import { changesIn, changesShown } from "../questions/changes.js";
import { reportOf } from "../questions/report.js";
import { reportShown } from "../questions/report-shown.js";
import { asCsv, asText, type ShownAnswer } from "../questions/table.js";
import { whoCould, type WhoCould } from "../questions/who-could.js";
import { whoCouldShown } from "../questions/who-could-shown.js";
import { whoPulled, whoPulledShown } from "../questions/who-pulled.js";
import { exitCodeOf, reportAll } from "../verify/report.js";
import type { VerifiedLog } from "../verify/verify-log.js";
import type { AnswerForm, AskedQuestion } from "./question-options.js";

const CANNOT_BE_TOLD = 2;

/** An answer, and how the command ends that gave it. */
interface Answer {
  readonly value: object;
  readonly shown: ShownAnswer;
  readonly code: number;
}

/**
 * Answers on standard output.
 *
 * @param db - audit log and ledger
 * @param command - what is asked
 * @param verify - verifies the whole log, which a report tells of
 * @returns the exit code
 */
export async function answerQuestion(
  db: Database,
  { question, form }: AskedQuestion,
  verify: () => Promise<VerifiedLog>,
): Promise<number> {
  const { value, shown, code } = await answerTo(db, question, verify);
  process.stdout.write(written(form, value, shown));
  return code;
}

async function answerTo(
  db: Database,
  question: AskedQuestion["question"],
  verify: () => Promise<VerifiedLog>,
): Promise<Answer> {
  switch (question.of) {
    case "who-pulled": {
      const value = await whoPulled(db, question.image, question);
      return { value, shown: whoPulledShown(value), code: 0 };
    }
    case "who-could": {
      const value = await whoCould(db, question);
      return { value, shown: whoCouldShown(value), code: codeOf(value) };
    }
    case "changes": {
      const value = await changesIn(db, question);
      return { value, shown: changesShown(value), code: 0 };
    }
    case "report": {
      const log = await verify();
      const verified = reportAll(log);
      const value = await reportOf(db, question.quarter, { now: question.now, verified });
      return { value, shown: reportShown(value), code: exitCodeOf(log) };
    }
  }
}

/** Of what cannot be told, as of whatever could not be checked. */
function codeOf({ policy, decision }: WhoCould): number {
  if (policy === null || decision?.allow === "teams-needed") return CANNOT_BE_TOLD;
  return decision?.allow === false ? 1 : 0;
}

function written(form: AnswerForm, value: object, shown: ShownAnswer): string {
  switch (form) {
    case "json":
      return `${JSON.stringify(value, null, 2)}\n`;
    case "csv":
      return asCsv(shown);
    case "text":
      return asText(shown);
  }
}
