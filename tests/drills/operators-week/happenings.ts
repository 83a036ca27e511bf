import { eventually } from "#tests/support/eventually.js";
import type { Installation } from "./installation.js";
import { replace } from "./replace.js";
import { restart } from "./restart.js";
import {
  changeDatabaseRole,
  changeNotificationSecret,
  rotateKeys,
  rotateRobot,
  type Robot,
} from "./rotations.js";

/** Something that operators do in a week. */
export interface Happening {
  readonly what: string;
  /** Why operations may fail meanwhile; absent: none may. */
  readonly explains?: string;
  readonly happen: () => Promise<void>;
}

/**
 * @param installation - where it happens
 * @param robot - whose secret is rotated
 * @param policy - what the policy file says
 * @returns what happens, in the order in which it does
 */
export function happenings(
  installation: Installation,
  robot: Robot,
  policy: string,
): readonly Happening[] {
  const { gateways, tokenServers } = installation;
  return [
    { what: "all are told to read their files anew (SIGHUP)", happen: () => hangUp(installation) },
    {
      what: "the policy file is broken for a while",
      happen: () => breakPolicy(installation, policy),
    },
    {
      what: "the token server's key is rotated",
      happen: () => rotateKeys(installation, "token-server"),
    },
    { what: "the gateways' key is rotated", happen: () => rotateKeys(installation, "gateway") },
    {
      what: "a robot's secret is rotated with an overlap",
      happen: () => rotateRobot(installation, robot),
    },
    {
      what: "the database's passwords are changed: each service takes its other role",
      happen: () => changeDatabaseRole(installation),
    },
    ...gateways.map((one, i) => ({
      what: `gateway ${i + 1} is restarted`,
      happen: () => restart(one),
    })),
    ...tokenServers.map((one, i) => ({
      what: `token server ${i + 1} is restarted`,
      happen: () => restart(one),
    })),
    {
      what: "the notification secret is changed",
      explains: "the only registry is restarted for it",
      happen: () => changeNotificationSecret(installation),
    },
  ];
}

function hangUp({ gateways, tokenServers }: Installation): Promise<void> {
  for (const one of [...gateways, ...tokenServers]) process.kill(one.pid(), "SIGHUP");
  return Promise.resolve();
}

async function breakPolicy({ policyFile, tokenServers }: Installation, policy: string) {
  const refusals = () => tokenServers.map((one) => one.output().split("policy.refused").length);
  const before = refusals();
  await replace(policyFile, "rules: [");
  await eventually("both have refused it", () =>
    refusals().every((count, i) => count > (before[i] ?? 0)),
  );
  await replace(policyFile, policy);
}
