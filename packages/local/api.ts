// What other programs and tests may use of the local run.

import "./pulumi/packages";

export { type EmbeddedDynamoDB, startDynamoDB } from "./dynamodb/embedded";
export { unpack } from "./lambda/archive";
export { UserError } from "./pulumi/errors";
export { type DeployOptions, deploy, type Outputs } from "./pulumi/program";
export { type Project, readProject } from "./pulumi/project";
export type { Created, Provider, Resource } from "./pulumi/resource";
export { standIns } from "./pulumi/standins";
export { type Deployed, type Run, type RunOptions, run } from "./run";
