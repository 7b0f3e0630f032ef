import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { json } from "node:stream/consumers";
import type * as aws from "@pulumi/aws";
import { emulate, type Provider } from "../pulumi/resource";

/** The access key id of callers that are not functions, such as somebody who looks into the tables. */
export const OUTSIDER = "local";

/** How long to wait for a silent endpoint. The embedded DynamoDB can take seconds if all cores are busy. */
const TIMEOUT_MS = 10_000;

/** Emulates tables in the DynamoDB at `endpoint`. A table that is already there stays as it is. */
export function createTables(endpoint: string, region: string): Provider {
  const table = emulate<aws.dynamodb.TableArgs>()(
    // Capacity is unlimited here. TTL need not delete anything: on AWS, too, it may take days.
    [
      "hashKey",
      "rangeKey",
      "attributes",
      "globalSecondaryIndexes",
      "localSecondaryIndexes",
      "billingMode",
      "readCapacity",
      "writeCapacity",
      "ttl",
    ],
    async ({ physicalName: TableName, inputs, arn }) => {
      const { hashKey = "", rangeKey, attributes = [] } = inputs;
      const definition = {
        TableName,
        KeySchema: keySchema(hashKey, rangeKey),
        AttributeDefinitions: attributes.map(({ name, type }) => ({
          AttributeName: name,
          AttributeType: type,
        })),
        GlobalSecondaryIndexes: inputs.globalSecondaryIndexes?.map((index) => ({
          IndexName: index.name,
          KeySchema: keySchema(index.hashKey, index.rangeKey, index.keySchemas),
          Projection: { ProjectionType: index.projectionType, NonKeyAttributes: index.nonKeyAttributes },
        })),
        LocalSecondaryIndexes: inputs.localSecondaryIndexes?.map((index) => ({
          IndexName: index.name,
          KeySchema: keySchema(hashKey, index.rangeKey),
          Projection: { ProjectionType: index.projectionType, NonKeyAttributes: index.nonKeyAttributes },
        })),
        BillingMode: "PAY_PER_REQUEST",
      };
      if (inputs.ttl?.enabled && !inputs.ttl.attributeName) throw new Error("its ttl has no attributeName");
      for (const { AttributeName: key } of definition.KeySchema) {
        if (attributes.some(({ name }) => name === key)) continue;
        throw new Error(`its key "${key}" is not one of its attributes`);
      }
      const existing = await callDynamoDB(endpoint, region, "DescribeTable", { TableName });
      if (!existing) await callDynamoDB(endpoint, region, "CreateTable", definition);
      else if (keysOf(existing.Table) !== keysOf(definition)) {
        const remedy = "end the run and start it again, with another --data folder if it has one";
        throw new Error(`it already exists with another key or other indexes; ${remedy}`);
      }
      return { outputs: { arn: arn("dynamodb", `table/${TableName}`) } };
    },
  );
  return { "aws:dynamodb/table:Table": table };
}

interface Key {
  attributeName: string;
  keyType: string;
}

/** A key in the form of DynamoDB's API. An index may also be declared in this form. */
function keySchema(hashKey = "", rangeKey?: string, keys?: Key[]) {
  const declared = keys ?? [
    { attributeName: hashKey, keyType: "HASH" },
    ...(rangeKey ? [{ attributeName: rangeKey, keyType: "RANGE" }] : []),
  ];
  return declared.map(({ attributeName, keyType }) => ({ AttributeName: attributeName, KeyType: keyType }));
}

interface Table {
  KeySchema: object[];
  GlobalSecondaryIndexes?: { IndexName: string; KeySchema: object[] }[];
  LocalSecondaryIndexes?: { IndexName: string; KeySchema: object[] }[];
}

/** The keys of a table and its indexes, in a form that can be compared. */
function keysOf({ KeySchema, GlobalSecondaryIndexes = [], LocalSecondaryIndexes = [] }: Table): string {
  const indexes = [...GlobalSecondaryIndexes, ...LocalSecondaryIndexes];
  const keys = indexes.map((index) => JSON.stringify([index.IndexName, index.KeySchema]));
  return JSON.stringify([KeySchema, ...keys.sort()]);
}

interface Answer {
  Table: Table;
  __type?: string;
  message?: string;
}

/** Calls DynamoDB. The AWS SDK would take longer to load than the rest of the local run. */
async function callDynamoDB(endpoint: string, region: string, action: string, input: object) {
  const request = endpoint.startsWith("https:") ? requestHttps : requestHttp;
  const answer = await new Promise<Answer>((resolve, reject) => {
    const sent = request(endpoint, {
      method: "POST",
      timeout: TIMEOUT_MS,
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDB_20120810.${action}`,
        "x-amz-date": `${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}`,
        // Neither the embedded DynamoDB nor DynamoDB Local checks signatures.
        authorization:
          `AWS4-HMAC-SHA256 Credential=${OUTSIDER}/20260101/${region}/dynamodb/aws4_request,` +
          " SignedHeaders=host, Signature=0",
      },
    });
    sent.on("response", (response) => json(response).then((value) => resolve(value as Answer), reject));
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    sent.on("error", reject);
    sent.end(JSON.stringify(input));
  }).catch((error) => {
    throw new Error(`no DynamoDB answers at ${endpoint} (${error.code ?? error.message})`);
  });
  if (!answer.__type) return answer;
  if (answer.__type.endsWith("#ResourceNotFoundException")) return undefined;
  throw new Error(`DynamoDB refuses ${action}: ${answer.message ?? answer.__type}`);
}
