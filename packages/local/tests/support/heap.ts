import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

/** Frees memory that nothing refers to anymore. */
export const collectGarbage: () => void = runInNewContext("gc");
