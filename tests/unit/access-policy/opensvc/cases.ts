import { APPS_CASES } from "./apps-cases.js";
import type { Case } from "./case.js";
import { ELSEWHERE_CASES } from "./elsewhere-cases.js";
import { GROUPS_CASES } from "./groups-cases.js";
import { USERS_CASES } from "./users-cases.js";

/** All that the rules of OpenSVC are held against. */
export const CASES: readonly Case[] = [
  ...USERS_CASES,
  ...GROUPS_CASES,
  ...APPS_CASES,
  ...ELSEWHERE_CASES,
];
