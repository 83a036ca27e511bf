import { tokenFor } from "../client.js";
import { settle } from "./after.js";
import { COMMANDS, type Day } from "./day.js";
import { nameOf, type KnownImage } from "./images.js";
import { pull } from "./transfer.js";

/** As often as `DISCOVERY_SIGHTINGS` says. */
const PASSES = 3;

/**
 * docs/backup.md: the storage alone, the database kept. What the ledger has is put back; what is lost is named, and whoever has the
 * image makes it whole again.
 *
 * @param day - the stack, on the older storage
 * @returns how many acknowledged tags had lost something
 */
export async function mendStorage(day: Day): Promise<number> {
  await day.must(COMMANDS.storage, "show");
  for (let i = 0; i < PASSES; i += 1) await day.discover("--repair");
  const { ok, output } = await day.run("verify", "--registry", "--blobs");
  const lost = await incomplete(day);
  for (const image of lost)
    if (!output.includes(image.digest) && !output.includes(nameOf(image)))
      day.wrong.push(`${nameOf(image)} of ${image.digest} is lost, and verify does not name it`);
  if (ok !== (lost.length === 0))
    day.wrong.push(`${lost.length} tags are lost, and verify says: ${output}`);
  day.wrong.push(...(await settle(day, day.books.acknowledged())));
  return lost.length;
}

async function incomplete(day: Day): Promise<KnownImage[]> {
  const images = day.books.acknowledged();
  const [url = ""] = day.fleet.gateways;
  const token = await tokenFor(url, ...new Set(images.map(({ repository }) => repository)));
  const lost: KnownImage[] = [];
  for (const image of images) {
    const read = await pull({ url, token }, image.repository, image.tag);
    if (read === "unanswered") day.wrong.push(`${nameOf(image)} was not answered`);
    else if (read.digest !== image.digest || read.missing.length > 0) lost.push(image);
    // Lost, but never another one.
    if (read !== "unanswered" && read.digest !== null && read.digest !== image.digest)
      day.wrong.push(`${nameOf(image)} is ${read.digest}, acknowledged was ${image.digest}`);
  }
  return lost;
}
