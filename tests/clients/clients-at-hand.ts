import { isExecutable } from "#local/processes/launch.js";
import type { Tool } from "#local/testing/test-tools.js";
import { testTools } from "#tests/support/tools.js";
import type { Client } from "./job.js";
import { buildah, podman, skopeo } from "./programs/containers-project.js";
import { cosign, crane, notation, oras, regctl } from "./programs/go-clients.js";
import { clientOf, type Program } from "./programs/program.js";
import { sigstoreOci } from "./programs/sigstore-oci.js";
import { PROFILES } from "./reenacted/profiles.js";
import { reenacted } from "./reenacted/reenacted-client.js";

/** Clients that no machine here has by itself: `CLIENT_CRANE=/path/to/crane`. */
const ELSEWHERE: Readonly<Record<string, (tool: Tool) => Program>> = {
  CLIENT_CRANE: crane,
  CLIENT_ORAS: oras,
  CLIENT_REGCTL: regctl,
  CLIENT_COSIGN: cosign,
  CLIENT_NOTATION: notation,
};

/**
 * @param say - told which clients are missing
 * @returns every client of the command line that this machine has, but for those of a Docker Engine
 */
export async function programsAtHand(say: (line: string) => void): Promise<Client[]> {
  const tools = testTools();
  const programs = [skopeo(tools.skopeo)];
  for (const [name, tool] of [
    ["podman", tools.podman],
    ["buildah", tools.buildah],
  ] as const)
    if (typeof tool === "string") say(`without ${name}: ${tool}`);
    else programs.push(name === "podman" ? podman(tool) : buildah(tool));
  for (const [variable, make] of Object.entries(ELSEWHERE)) {
    const file = process.env[variable];
    if (file === undefined) say(`without what ${variable} would point at`);
    else if (isExecutable(file)) programs.push(make({ file, env: {} }));
    else throw new Error(`${variable}: "${file}" is no program`);
  }
  const npm = process.env["CLIENT_SIGSTORE_OCI"];
  if (npm !== undefined) programs.push(sigstoreOci(npm));
  return Promise.all(programs.map(clientOf));
}

/**
 * @param run - clients that are run themselves
 * @returns the re-enactments of those that are not
 */
export function reenactments(run: readonly Client[] = []): Client[] {
  const has = (name: string) => run.some((client) => client.name === name);
  return PROFILES.filter(({ name }) => !has(name)).map(reenacted);
}
