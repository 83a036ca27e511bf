import { appendFileSync } from "node:fs";
import { basename } from "node:path";
import type { Test, TestResult } from "@jest/reporters";

/** A line of the file that {@link EventReporter} writes. */
export type RunEvent =
  | { readonly at: "start"; readonly job: string }
  | {
      readonly at: "end";
      readonly job: string;
      readonly milliseconds: number;
      readonly failures: readonly Failure[];
      /** Why the file could not be run; `null` where it could. */
      readonly broken: string | null;
    };

/** A test that failed. */
export interface Failure {
  readonly title: string;
  readonly message: string;
}

/** Tells another process, line by line, what becomes of each test file. */
export default class EventReporter {
  onTestFileStart({ path }: Test): void {
    note({ at: "start", job: basename(path, ".test.ts") });
  }

  onTestFileResult({ path }: Test, { testResults, testExecError, perfStats }: TestResult): void {
    const failures = testResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages }) => ({
        title: fullName,
        message: (failureMessages[0] ?? "").slice(0, 400),
      }));
    note({
      at: "end",
      job: basename(path, ".test.ts"),
      milliseconds: perfStats.end - perfStats.start,
      failures,
      broken: testExecError === undefined ? null : testExecError.message.slice(0, 400),
    });
  }
}

function note(event: RunEvent): void {
  appendFileSync(process.env["ONE_GUARD_OUT_EVENTS"] ?? "", `${JSON.stringify(event)}\n`);
}
