import type { Robot } from "./rotations.js";
import type { Login } from "./traffic.js";

/** How many of the clients are the robot. */
export const ROBOT_CLIENTS = 4;

/** Teams as everywhere, and what the robot may. */
export const POLICY = `rules:
  - id: members
    effect: allow
    actions: [pull, push, manage]
    repositories: ["\${team}/**"]
    who: logged-in
  - id: pipelines
    effect: allow
    actions: [pull, push]
    namespaces: [alpha]
    who: { kinds: [robot] }
`;

/**
 * @param url - of the installation
 * @param clients - how many are to be it
 * @returns a robot that has just been made
 */
export async function makeRobot(url: string, clients = ROBOT_CLIENTS): Promise<Robot> {
  const name = "pipeline";
  const answer = await fetch(`${url}/api/v1/teams/alpha/robots`, {
    method: "POST",
    headers: { authorization: "Bearer alice-token", "content-type": "application/json" },
    body: JSON.stringify({
      name,
      grants: [{ repositories: "alpha/**", actions: ["pull", "push"] }],
    }),
  });
  if (!answer.ok) throw new Error(`a robot could not be made: ${await answer.text()}`);
  const made = (await answer.json()) as { robot: { login: string }; secret: string };
  const login = (): Login => ({ user: made.robot.login, secret: made.secret });
  return { name, logins: Array.from({ length: clients }, login) };
}
