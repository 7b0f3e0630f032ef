import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type KeySchemaElement,
  ResourceNotFoundException,
} from "@aws-sdk/client-dynamodb";
import type { Created, Provider, Resource } from "./deployment";

interface TableInputs {
  hashKey: string;
  rangeKey?: string;
  attributes: { name: string; type: "S" | "N" | "B" }[];
}

/** Makes `aws.dynamodb.Table`s real in the DynamoDB at `endpoint`; one that is there already is kept. */
export function createTables(endpoint: string): Provider {
  const dynamodb = new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });

  async function create({ physicalName, inputs, arn }: Resource<TableInputs>): Promise<Created> {
    const keySchema: KeySchemaElement[] = [{ AttributeName: inputs.hashKey, KeyType: "HASH" }];
    if (inputs.rangeKey) keySchema.push({ AttributeName: inputs.rangeKey, KeyType: "RANGE" });

    const existing = await dynamodb
      .send(new DescribeTableCommand({ TableName: physicalName }))
      .catch((error) => {
        if (error instanceof ResourceNotFoundException) return undefined;
        if (error.code !== "ECONNREFUSED") throw error;
        throw new Error(`no DynamoDB answers at ${endpoint}`);
      });
    if (!existing) {
      const attributes = inputs.attributes.map(({ name, type }) => ({
        AttributeName: name,
        AttributeType: type,
      }));
      await dynamodb.send(
        new CreateTableCommand({
          TableName: physicalName,
          KeySchema: keySchema,
          AttributeDefinitions: attributes,
          BillingMode: "PAY_PER_REQUEST",
        }),
      );
    } else if (JSON.stringify(existing.Table?.KeySchema) !== JSON.stringify(keySchema)) {
      throw new Error("the kept table has another key; choose another --data folder, or delete this one");
    }
    return { outputs: { arn: arn("dynamodb", `table/${physicalName}`) } };
  }

  return { "aws:dynamodb/table:Table": create };
}
