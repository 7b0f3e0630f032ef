const { DynamoDBClient, GetItemCommand, PutItemCommand } = require("@aws-sdk/client-dynamodb");

const dynamodb = new DynamoDBClient({ maxAttempts: 1 });
const id = { S: "1" };
const calls = {
  put: () => new PutItemCommand({ TableName: process.env.ORDERS, Item: { id } }),
  get: () => new GetItemCommand({ TableName: process.env.ORDERS, Key: { id } }),
  denied: () => new GetItemCommand({ TableName: process.env.DENIED, Key: { id } }),
  other: () => new PutItemCommand({ TableName: process.env.CUSTOMERS, Item: { id } }),
};

/** Makes the call to DynamoDB that the path names. */
exports.handler = async (event) => {
  try {
    await dynamodb.send(calls[event.pathParameters.call]());
    return { message: "done" };
  } catch (error) {
    return { name: error.name, message: error.message };
  }
};
