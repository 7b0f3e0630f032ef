import { architect } from "./architect";
import { article } from "./article";
import { bare } from "./bare";
import type { Contender } from "./contender";
import { connectStore, pwrdrvrStore } from "./express";
import { call, handler } from "./ours";

/** Starts every contender on the DynamoDB at `endpoint`, in the order of the report. */
export async function startAll(endpoint: string): Promise<Contender[]> {
  const contenders: Contender[] = [];
  for (const start of [bare, call, handler, article, connectStore, pwrdrvrStore, architect]) {
    contenders.push(await start(endpoint));
  }
  return contenders;
}
