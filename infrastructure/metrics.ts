import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** The monitored resources. */
export interface Monitored {
  api: aws.apigatewayv2.Api;
  accessLog: aws.cloudwatch.LogGroup;
  visit: aws.lambda.Function;
  functionLog: aws.cloudwatch.LogGroup;
  table: aws.dynamodb.Table;
}

export interface Metric {
  namespace: pulumi.Input<string>;
  metricName: string;
  dimensions?: Record<string, pulumi.Input<string>>;
}

/** Period of alarms and of the dashboard's graphs, in seconds. */
export const PERIOD = 300;

/** Returns metrics by name, from {@link Monitored} resources, the account and log lines. */
export function metricsOf({ api, visit, table }: Monitored) {
  const of =
    (namespace: pulumi.Input<string>, dimensions?: Metric["dimensions"]) =>
    (metricName: string): Metric => ({ namespace, metricName, dimensions });
  return {
    ofApi: of("AWS/ApiGateway", { ApiId: api.id }),
    ofFunction: of("AWS/Lambda", { FunctionName: visit.name }),
    ofAccount: of("AWS/Lambda"),
    ofTable: of("AWS/DynamoDB", { TableName: table.name }),
    ofUpdates: of("AWS/DynamoDB", { TableName: table.name, Operation: "UpdateItem" }),
    ofLogs: of(visit.name),
  };
}
