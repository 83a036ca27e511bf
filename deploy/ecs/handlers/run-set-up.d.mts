/** What of the ECS API is used. */
export interface EcsTasks {
  runTask: (input: object) => Promise<object>;
  describeTasks: (input: object) => Promise<object>;
}

/** A custom resource's request, as CloudFormation and the CDK's provider send it. */
export interface SetUpRequest {
  readonly RequestType: string;
  readonly RequestId: string;
  readonly ResourceProperties: object;
  readonly Data?: object;
}

export function setUpRuns(ecs: EcsTasks): {
  begin: (request: SetUpRequest) => Promise<object>;
  isComplete: (request: SetUpRequest) => Promise<{ IsComplete: boolean }>;
};
