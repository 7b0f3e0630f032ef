import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type KeySchemaElement,
  ResourceNotFoundException,
  type ScalarAttributeType,
} from "@aws-sdk/client-dynamodb";
import type * as aws from "@pulumi/aws";
import { emulate, type Provider } from "../pulumi/resource";

/** The access key id of somebody who looks into the tables from outside. */
export const OUTSIDER = "local";

export interface Tables {
  provider: Provider;
  close(): void;
}

/** Makes `aws.dynamodb.Table`s real in the DynamoDB at `endpoint`; one that is there already is kept. */
export function createTables(endpoint: string, region: string): Tables {
  const dynamodb = new DynamoDBClient({
    endpoint,
    region,
    credentials: { accessKeyId: OUTSIDER, secretAccessKey: "local" },
    maxAttempts: 3,
    // A silent endpoint must not hang the start.
    requestHandler: { connectionTimeout: 2000, requestTimeout: 3000, throwOnRequestTimeout: true },
    // None of the developer's settings for AWS.
    defaultsMode: "standard",
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
  });

  const table = emulate<aws.dynamodb.TableArgs>()(
    // Capacity is not limited here, and TTL may take days in AWS, too.
    ["hashKey", "rangeKey", "attributes", "billingMode", "ttl"],
    async ({ physicalName, inputs, arn }) => {
      const { hashKey = "", rangeKey, attributes = [] } = inputs;
      for (const key of [hashKey, ...(rangeKey ? [rangeKey] : [])]) {
        if (!attributes.some(({ name }) => name === key)) {
          throw new Error(`its key "${key}" is not one of its attributes`);
        }
      }
      const keySchema: KeySchemaElement[] = [{ AttributeName: hashKey, KeyType: "HASH" }];
      if (rangeKey) keySchema.push({ AttributeName: rangeKey, KeyType: "RANGE" });

      const existing = await dynamodb
        .send(new DescribeTableCommand({ TableName: physicalName }))
        .catch((error) => {
          if (error instanceof ResourceNotFoundException) return undefined;
          if (error.$metadata?.httpStatusCode) throw error;
          throw new Error(`no DynamoDB answers at ${endpoint} (${error.code ?? error.message})`);
        });
      if (!existing) {
        await dynamodb.send(
          new CreateTableCommand({
            TableName: physicalName,
            KeySchema: keySchema,
            AttributeDefinitions: attributes.map(({ name, type }) => ({
              AttributeName: name,
              AttributeType: type as ScalarAttributeType,
            })),
            BillingMode: "PAY_PER_REQUEST",
          }),
        );
      } else if (JSON.stringify(existing.Table?.KeySchema) !== JSON.stringify(keySchema)) {
        const remedy = "end the run and start it again, with another --data folder if it has one";
        throw new Error(`it is there already, with another key; ${remedy}`);
      }
      return { outputs: { arn: arn("dynamodb", `table/${physicalName}`) } };
    },
  );

  return {
    provider: { "aws:dynamodb/table:Table": table },
    close: () => dynamodb.destroy(),
  };
}
