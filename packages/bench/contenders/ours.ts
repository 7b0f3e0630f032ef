import { createHandler } from "../../../handler";
import { createClient } from "./function";

export const handler = createHandler({ dynamodb: createClient() });
