import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** What is watched. */
export interface Monitored {
  api: aws.apigatewayv2.Api;
  visit: aws.lambda.Function;
  functionLog: aws.cloudwatch.LogGroup;
  table: aws.dynamodb.Table;
}

/** In seconds: of alarms and of the dashboard's points. */
const PERIOD = 300;

/** Alarms for what somebody has to look at, and a dashboard of what is going on. */
export class Monitoring extends pulumi.ComponentResource {
  readonly dashboardUrl: pulumi.Output<string>;

  /** @param alarmEmail where alarms are sent; if empty, they are seen in CloudWatch only */
  constructor(
    name: string,
    { alarmEmail, ...monitored }: Monitored & { alarmEmail: string },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("sessions:infrastructure:Monitoring", name, {}, opts);
    const parent = { parent: this };
    const actions: pulumi.Output<string>[] = [];
    if (alarmEmail) {
      const topic = new aws.sns.Topic("alarms", {}, parent);
      const subscription = { topic: topic.arn, protocol: "email", endpoint: alarmEmail };
      new aws.sns.TopicSubscription("alarms", subscription, parent);
      actions.push(topic.arn);
    }
    const alarms = createAlarms(monitored, actions, parent);
    this.dashboardUrl = createDashboard(monitored, alarms, parent);
    this.registerOutputs({ dashboardUrl: this.dashboardUrl });
  }
}

function createAlarms(
  { api, visit, functionLog, table }: Monitored,
  actions: pulumi.Output<string>[],
  parent: pulumi.CustomResourceOptions,
) {
  const ofApi = { namespace: "AWS/ApiGateway", dimensions: { ApiId: api.id }, period: PERIOD };
  const ofFunction = { namespace: "AWS/Lambda", dimensions: { FunctionName: visit.name }, period: PERIOD };
  const ofTable = {
    namespace: "AWS/DynamoDB",
    dimensions: { TableName: table.name, Operation: "UpdateItem" },
    period: PERIOD,
  };
  const any = { statistic: "Sum", threshold: 0, evaluationPeriods: 1 };

  const alarms: Record<string, Omit<aws.cloudwatch.MetricAlarmArgs, "comparisonOperator">> = {
    "function-errors": {
      ...ofFunction,
      ...any,
      metricName: "Errors",
      alarmDescription: pulumi.interpolate`The function threw or timed out, and visitors got a 500. Look for ERROR in the log group ${functionLog.name}. If it began with a deployment, deploy the code before it again.`,
    },
    "function-throttles": {
      ...ofFunction,
      ...any,
      metricName: "Throttles",
      alarmDescription:
        "Lambda turned invocations away, because the account's concurrency is used up. Find the function that uses it in the Lambda console, and ask for a higher quota or reserve concurrency.",
    },
    "api-errors": {
      threshold: 1,
      evaluationPeriods: 1,
      metricQueries: [
        { id: "rate", expression: "100 * errors / requests", label: "5xx in percent", returnData: true },
        { id: "errors", metric: { ...ofApi, metricName: "5xx", stat: "Sum" } },
        { id: "requests", metric: { ...ofApi, metricName: "Count", stat: "Sum" } },
      ],
      alarmDescription: pulumi.interpolate`More than 1 % of the requests were answered with 5xx. Where the access log has an integrationError, that tells why. Where it has none, a 503 is the function's, whose log group ${functionLog.name} tells what DynamoDB answered.`,
    },
    "api-latency": {
      ...ofApi,
      metricName: "Latency",
      extendedStatistic: "p99",
      threshold: 1000,
      evaluationPeriods: 3,
      // Of a few visits the slowest, a cold start, would be the 99th percentile.
      evaluateLowSampleCountPercentiles: "ignore",
      alarmDescription:
        "For 15 minutes, 1 % of the visits took longer than a second. See on the dashboard whether DynamoDB is slow or cold starts are many; more memory (memorySize) shortens both.",
    },
    "table-throttles": {
      ...ofTable,
      ...any,
      metricName: "ThrottledRequests",
      alarmDescription:
        "DynamoDB throttled updates. An on-demand table doubles what it takes within 30 minutes; if it lasts, one session is visited more than 1,000 times a second, or the account's table quota is reached.",
    },
    "table-errors": {
      ...ofTable,
      ...any,
      metricName: "SystemErrors",
      alarmDescription:
        "DynamoDB failed on its side, and the function retried. If it lasts, see the AWS Health Dashboard for this region.",
    },
  };
  return Object.entries(alarms).map(
    ([name, args]) =>
      new aws.cloudwatch.MetricAlarm(
        name,
        {
          ...args,
          comparisonOperator: "GreaterThanThreshold",
          treatMissingData: "notBreaching",
          alarmActions: actions,
          okActions: actions,
        },
        parent,
      ),
  );
}

function createDashboard(
  { api, visit, functionLog, table }: Monitored,
  alarms: aws.cloudwatch.MetricAlarm[],
  parent: pulumi.CustomResourceOptions,
) {
  // The handler writes this line to the log for each session that it starts.
  const newSessions = new aws.cloudwatch.LogMetricFilter(
    "new-sessions",
    {
      logGroupName: functionLog.name,
      pattern: '{ $.message = "new session" }',
      metricTransformation: { namespace: visit.name, name: "NewSessions", value: "1", defaultValue: "0" },
    },
    parent,
  );

  const { region } = aws.getRegionOutput({}, parent);
  const ofApi = ["ApiId", api.id];
  const ofFunction = ["FunctionName", visit.name];
  const ofTable = ["TableName", table.name];
  const ofUpdates = [...ofTable, "Operation", "UpdateItem"];
  const { namespace, name } = newSessions.metricTransformation;

  const graphs = [
    graph("Visits and new sessions", "Sum", [
      ["AWS/ApiGateway", "Count", ...ofApi],
      [namespace, name],
    ]),
    graph("Latency (ms)", "p50", [
      ["AWS/ApiGateway", "Latency", ...ofApi, { stat: "p50", label: "p50" }],
      ["AWS/ApiGateway", "Latency", ...ofApi, { stat: "p90", label: "p90" }],
      ["AWS/ApiGateway", "Latency", ...ofApi, { stat: "p99", label: "p99" }],
      ["AWS/DynamoDB", "SuccessfulRequestLatency", ...ofUpdates, { stat: "p99", label: "UpdateItem p99" }],
    ]),
    graph("Errors", "Sum", [
      ["AWS/ApiGateway", "4xx", ...ofApi],
      ["AWS/ApiGateway", "5xx", ...ofApi],
      ["AWS/Lambda", "Errors", ...ofFunction],
      ["AWS/Lambda", "Throttles", ...ofFunction],
      ["AWS/DynamoDB", "ThrottledRequests", ...ofUpdates],
      ["AWS/DynamoDB", "SystemErrors", ...ofUpdates],
    ]),
    graph("Consumed write units", "Sum", [["AWS/DynamoDB", "ConsumedWriteCapacityUnits", ...ofTable]]),
    graph("Concurrent executions", "Maximum", [["AWS/Lambda", "ConcurrentExecutions", ...ofFunction]]),
  ];
  const dashboard = new aws.cloudwatch.Dashboard(
    "dashboard",
    {
      // A dashboard has no generated name. The function's is, and so is unique in the account.
      dashboardName: visit.name,
      dashboardBody: pulumi.jsonStringify({
        widgets: [
          {
            type: "alarm",
            width: 8,
            height: 6,
            properties: { title: "Alarms", alarms: alarms.map(({ arn }) => arn) },
          },
          ...graphs.map(({ properties, ...widget }) => ({
            ...widget,
            properties: { ...properties, region },
          })),
        ],
      }),
    },
    parent,
  );
  return pulumi.interpolate`https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboard.dashboardName}`;
}

const graph = (title: string, stat: string, metrics: unknown[][]) => ({
  type: "metric",
  width: 8,
  height: 6,
  properties: { title, stat, metrics, period: PERIOD, view: "timeSeries" },
});
