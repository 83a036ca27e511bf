import { ECS } from "@aws-sdk/client-ecs";
import { setUpRuns } from "./run-set-up.mjs";

export const { begin, isComplete } = setUpRuns(new ECS());
