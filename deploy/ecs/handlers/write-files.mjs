// What ECS gives to a container as a variable becomes the file that a program wants: FILES names a variable for each
// path. No template strings: CloudFormation would take them for its own. Whoever may read the volume may read the file.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

for (const [path, variable] of Object.entries(JSON.parse(process.env.FILES))) {
  const text = process.env[variable];
  if (text === undefined || text === "")
    throw new Error(variable + ", for " + path + ", is absent");
  mkdirSync(dirname(path), { recursive: true });
  // At once, so that nobody who follows the file reads half of it.
  writeFileSync(path + ".draft", text, { mode: 0o444 });
  renameSync(path + ".draft", path);
  console.log("wrote " + path);
}
