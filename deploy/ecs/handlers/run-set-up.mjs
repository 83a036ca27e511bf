/** What CloudFormation is told while the set-up task runs. */
const ID = "set-up";

/**
 * @param ecs - has `runTask` and `describeTasks`, as the ECS API has them
 * @returns the two functions of a custom resource that is made when the set-up task has ended well
 */
export function setUpRuns(ecs) {
  return {
    /** Begins a run when the resource is made or its task changed; a deletion leaves all as it is. */
    async begin({ RequestType, RequestId, ResourceProperties }) {
      if (RequestType === "Delete") return { PhysicalResourceId: ID };
      const { Cluster, TaskDefinition, Subnets, SecurityGroups } = ResourceProperties;
      const { tasks = [], failures = [] } = await ecs.runTask({
        cluster: Cluster,
        taskDefinition: TaskDefinition,
        launchType: "FARGATE",
        // The same request that comes again begins no second run.
        clientToken: RequestId,
        networkConfiguration: {
          awsvpcConfiguration: { subnets: Subnets, securityGroups: SecurityGroups },
        },
      });
      const [task] = tasks;
      if (task === undefined)
        throw new Error(`no task was begun: ${failures.map(({ reason }) => reason).join(", ")}`);
      return { PhysicalResourceId: ID, Data: { TaskArn: task.taskArn } };
    },

    /** Ended well is ended with 0 by each container; anything else fails the deployment, with the reason. */
    async isComplete({ RequestType, ResourceProperties, Data }) {
      if (RequestType === "Delete") return { IsComplete: true };
      const { tasks = [] } = await ecs.describeTasks({
        cluster: ResourceProperties.Cluster,
        tasks: [Data.TaskArn],
      });
      const [task] = tasks;
      if (task === undefined) throw new Error(`${Data.TaskArn} is not there any more`);
      if (task.lastStatus !== "STOPPED") return { IsComplete: false };
      const failed = task.containers.filter(({ exitCode }) => exitCode !== 0);
      if (failed.length === 0) return { IsComplete: true };
      const told = failed.map(({ name, exitCode, reason }) => `${name}: ${reason ?? exitCode}`);
      throw new Error(
        `the set-up task failed (${told.join(", ")}; ${task.stoppedReason}), its log says why`,
      );
    },
  };
}
