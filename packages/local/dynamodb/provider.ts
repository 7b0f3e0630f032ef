import type * as aws from "@pulumi/aws";
import { emulate, type Provider } from "../pulumi/resource";

/** The access key id of callers that are not functions, such as somebody who looks into the tables. */
export const OUTSIDER = "local";

/** When a silent endpoint is given up. The embedded DynamoDB needs seconds where all cores are busy. */
const TIMEOUT_MS = 10_000;

/** Emulates tables in the DynamoDB at `endpoint`. A table that is already there stays as it is. */
export function createTables(endpoint: string, region: string): Provider {
  const table = emulate<aws.dynamodb.TableArgs>()(
    // Capacity is unlimited here; TTL need not delete anything, as it may take days in AWS, too.
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
        KeySchema: keySchema({ hashKey, rangeKey }),
        AttributeDefinitions: attributes.map(({ name, type }) => ({
          AttributeName: name,
          AttributeType: type,
        })),
        GlobalSecondaryIndexes: inputs.globalSecondaryIndexes?.map(toIndex),
        LocalSecondaryIndexes: inputs.localSecondaryIndexes?.map((index) => toIndex({ ...index, hashKey })),
        BillingMode: "PAY_PER_REQUEST",
      };
      if (inputs.ttl?.enabled && !inputs.ttl.attributeName) throw new Error("its ttl has no attributeName");
      const existing = await callDynamoDB(endpoint, region, "DescribeTable", { TableName });
      if (!existing) await callDynamoDB(endpoint, region, "CreateTable", definition);
      else if (attributesOf(existing.Table) !== attributesOf(definition)) {
        const remedy = "end the run and start it again, with another --data folder if it has one";
        throw new Error(`it already exists with another key or other indexes; ${remedy}`);
      }
      return { outputs: { arn: arn("dynamodb", `table/${TableName}`) } };
    },
  );
  return { "aws:dynamodb/table:Table": table };
}

interface Keys {
  hashKey?: string;
  rangeKey?: string;
  /** A newer form of both. */
  keySchemas?: { attributeName: string; keyType: string }[];
}

function keySchema({ hashKey = "", rangeKey, keySchemas }: Keys) {
  const keys = keySchemas ?? [
    { attributeName: hashKey, keyType: "HASH" },
    ...(rangeKey ? [{ attributeName: rangeKey, keyType: "RANGE" }] : []),
  ];
  return keys.map(({ attributeName, keyType }) => ({ AttributeName: attributeName, KeyType: keyType }));
}

type Index = Keys & { name: string; projectionType: string; nonKeyAttributes?: string[] };

const toIndex = (index: Index) => ({
  IndexName: index.name,
  KeySchema: keySchema(index),
  Projection: { ProjectionType: index.projectionType, NonKeyAttributes: index.nonKeyAttributes },
});

interface Table {
  AttributeDefinitions: { AttributeName: string }[];
}

/** The attributes of all keys, which differ if a key or an index has changed. */
const attributesOf = ({ AttributeDefinitions }: Table) =>
  AttributeDefinitions.map(({ AttributeName }) => AttributeName)
    .sort()
    .join();

interface Answer {
  Table: Table;
  __type?: string;
  message?: string;
}

/** Calls DynamoDB. The AWS SDK would take longer to load than the rest of the local run. */
async function callDynamoDB(endpoint: string, region: string, action: string, input: object) {
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": `DynamoDB_20120810.${action}`,
    "x-amz-date": `${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}`,
    // Neither the embedded DynamoDB nor DynamoDB Local checks signatures.
    authorization:
      `AWS4-HMAC-SHA256 Credential=${OUTSIDER}/20260101/${region}/dynamodb/aws4_request,` +
      " SignedHeaders=host, Signature=0",
  };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const answer: Answer = await fetch(endpoint, {
    method: "POST",
    headers,
    body: JSON.stringify(input),
    signal,
  })
    .then((response) => response.json())
    .catch(({ message, cause }) => {
      throw new Error(`no DynamoDB answers at ${endpoint} (${cause?.code ?? message})`);
    });
  if (!answer.__type) return answer;
  if (answer.__type.endsWith("#ResourceNotFoundException")) return undefined;
  throw new Error(`DynamoDB refuses ${action}: ${answer.message ?? answer.__type}`);
}
