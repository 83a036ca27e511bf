import type { Outcome } from "#local/processes/run-program.js";

/** What every client does, in this order: each job builds on those before it. */
export const JOBS = {
  login: { title: "logs in", refused: false },
  push: { title: "pushes an image", refused: false },
  again: { title: "pushes the same image again", refused: false },
  other: { title: "pushes another image under the same tag", refused: true },
  elsewhere: { title: "pushes to a team that it is not in", refused: true },
  pull: { title: "pulls", refused: false },
  list: { title: "makes a list of images and pushes it", refused: false },
  attach: { title: "attaches a referrer", refused: false },
  sign: { title: "signs", refused: false },
  discard: { title: "deletes a tag that may go", refused: false },
  delete: { title: "deletes a tag that stays", refused: true },
} as const satisfies Record<string, { title: string; refused: boolean }>;

export type JobId = keyof typeof JOBS;

export const JOB_IDS = Object.keys(JOBS) as JobId[];

/** A client that has come to a registry, as a user would have it there. */
export interface Visit {
  /** What it can do; other jobs are none of this client's. */
  readonly jobs: Partial<Record<JobId, () => Promise<Outcome>>>;
  end?(): Promise<void>;
}

/** Where clients go to. */
export interface Target {
  readonly url: string;
  readonly host: string;
  /** Whether the gateway is there; the bare registry knows nobody and refuses nothing. */
  readonly isGateway: boolean;
  /** User and password, for the gateway. */
  readonly user: string;
  readonly password: string;
}

/** A client that the matrix has a line for. */
export interface Client {
  readonly name: string;
  readonly version: string;
  /** Where its requests are taken from, for one that is not run itself. */
  readonly reenacted?: string;
  /**
   * @param target - where it goes to
   * @param folder - empty folder of this visit's own: home, images, logins
   * @returns the visit
   */
  visit(target: Target, folder: string): Promise<Visit>;
}
