import type { Outcome } from "#local/processes/run-program.js";
import type { Client, JobId, Target, Visit } from "../job.js";
import {
  attach,
  deleteTag,
  pullImage,
  pushImage,
  pushList,
  type Descriptor,
  type Place,
} from "./actions.js";
import { dockerLogin } from "../docker-login.js";
import { artifactOf } from "../names.js";
import { ClientError, conversation } from "./conversation.js";
import type { Profile } from "./profile.js";

/**
 * @param profile - a client as its requests
 * @returns it as a client of the matrix, for machines that do not have it
 */
export function reenacted(profile: Profile): Client {
  return {
    name: profile.name,
    version: profile.version,
    reenacted: profile.source,
    visit: async (target) =>
      visit(profile, target, target.isGateway ? await dockerLogin(target) : null),
  };
}

function visit(profile: Profile, target: Target, stored: string | null): Visit {
  const artifact = artifactOf(profile.name);
  // Each job is another run of the program, with no token yet.
  const place = async (team = "alpha"): Promise<Place> => {
    const repository = `${team}/${artifact}`;
    const talk = conversation(target, profile, stored);
    await talk.probe(repository);
    return { talk, profile, repository };
  };
  const push = async (tag: string, content: string, team?: string) =>
    pushImage(await place(team), tag, content);
  const jobs: Partial<Record<JobId, () => Promise<unknown>>> = {
    ...(stored === null ? {} : { login: () => place() }),
    ...(profile.pushesImages
      ? {
          push: () => push("1.0", "one"),
          again: () => push("1.0", "one"),
          other: () => push("1.0", "another"),
          elsewhere: () => push("1.0", "one", "beta"),
          pull: async () => pullImage(await place(), "1.0"),
          list: async () => {
            const images: Descriptor[] = [await push("1.0", "one"), await push("2.0", "second")];
            await pushList(await place(), "list", images);
          },
        }
      : {}),
    ...(profile.attaches === "not"
      ? {}
      : {
          attach: async () => {
            const there = await place();
            const image = await pushImage(there, "1.0", "one");
            // The second one finds a list to put itself into.
            for (const report of ["a report", "another"]) await attach(there, image, report);
          },
        }),
    ...(profile.deletes === "not"
      ? {}
      : {
          discard: async () => {
            await push("tmp-1", "another");
            await deleteTag(await place(), "tmp-1");
          },
          delete: async () => deleteTag(await place(), "1.0"),
        }),
  };
  return {
    jobs: Object.fromEntries(
      Object.entries(jobs).map(([job, work]) => [job, () => outcomeOf(work)]),
    ),
  };
}

async function outcomeOf(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    await work();
    return { ok: true, stdout: "", output: "" };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { ok: false, stdout: "", output: error.message };
  }
}
