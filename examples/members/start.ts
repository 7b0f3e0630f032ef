// npm run example: the local run of a copy of this project whose index.ts is changed as README.md says.

import { copyProject } from "../../tests/support/project";
import { applyReadme } from "./apply";

const folder = copyProject();
applyReadme(folder);
process.chdir(folder);
require("pulumi-aws-local/cli/bin.js");
