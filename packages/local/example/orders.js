const { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } = require("@aws-sdk/client-dynamodb");

const dynamodb = new DynamoDBClient({ maxAttempts: 1 });
const id = { S: "1" };
const customer = { S: "2" };
const calls = {
  put: () => new PutItemCommand({ TableName: process.env.ORDERS, Item: { id, customer } }),
  query: () =>
    new QueryCommand({
      TableName: process.env.ORDERS,
      IndexName: "customer",
      KeyConditionExpression: "customer = :customer",
      ExpressionAttributeValues: { ":customer": customer },
    }),
  get: () => new GetItemCommand({ TableName: process.env.ORDERS, Key: { id } }),
  denied: () => new GetItemCommand({ TableName: process.env.DENIED, Key: { id } }),
};

/** Makes the call to DynamoDB that the path names. */
exports.handler = async (event) => {
  try {
    const { Items } = await dynamodb.send(calls[event.pathParameters.call]());
    return { message: "done", Items };
  } catch (error) {
    return { name: error.name, message: error.message };
  }
};
