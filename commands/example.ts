// npm run example: the local run of a copy of this project, whose index.ts is changed as the example's README.md says.

import { applyDiffs } from "../examples/members/apply";
import { copyProject } from "../tests/support/project";

const folder = copyProject();
applyDiffs(folder, "examples/members/README.md", "index.ts");
process.chdir(folder);
require("pulumi-aws-local/cli/bin.js");
