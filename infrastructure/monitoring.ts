import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { createAlarms, type Monitored, PERIOD } from "./alarms";

/** Alarms, a dashboard and saved log queries. */
export class Monitoring extends pulumi.ComponentResource {
  readonly dashboardUrl: pulumi.Output<string>;

  /** @param alarmEmail who gets the alarms; if empty, they only show in CloudWatch */
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
    const counted = countLines(monitored, parent);
    const alarms = createAlarms(monitored, counted, actions, parent);
    this.dashboardUrl = createDashboard(monitored, counted, alarms, parent);
    saveQueries(monitored, parent);
    this.registerOutputs({ dashboardUrl: this.dashboardUrl });
  }
}

/** Metrics that AWS doesn't publish, counted in the logs. */
function countLines({ accessLog, visit, functionLog }: Monitored, parent: pulumi.CustomResourceOptions) {
  const count = (name: string, metricName: string, logGroup: aws.cloudwatch.LogGroup, pattern: string) => {
    const metric = { namespace: visit.name, name: metricName, value: "1", defaultValue: "0" };
    const args = { logGroupName: logGroup.name, pattern, metricTransformation: metric };
    new aws.cloudwatch.LogMetricFilter(name, args, parent);
    return { namespace: visit.name, metricName };
  };
  const failure = '{ $.message.message = "the session store failed" }';
  return {
    // The handler writes the first line for each session that it starts, the second for each 503.
    started: count("new-sessions", "NewSessions", functionLog, '{ $.message = "new session" }'),
    failed: count("store-failures", "StoreFailures", functionLog, failure),
    // The API's own metric, 4xx, also counts requests for pages that don't exist.
    refused: count("refused-visits", "RefusedVisits", accessLog, '{ $.status = "429" }'),
  };
}

/** Queries for CloudWatch Logs Insights, in a folder with the function's name. */
function saveQueries({ accessLog, visit, functionLog }: Monitored, parent: pulumi.CustomResourceOptions) {
  const save = (name: string, logGroup: aws.cloudwatch.LogGroup, ...commands: string[]) =>
    new aws.cloudwatch.QueryDefinition(
      name,
      {
        name: pulumi.interpolate`${visit.name}/${name}`,
        logGroupNames: [logGroup.name],
        queryString: commands.join("\n| "),
      },
      parent,
    );
  const isError = 'level = "ERROR" or record.status in ["timeout", "failure", "error"]';
  save("errors", functionLog, "fields @timestamp, @message", `filter ${isError}`, "sort @timestamp desc");
  const slow = "fields @timestamp, latency, integrationLatency, status, functionRequestId";
  save("slow-visits", accessLog, slow, "sort latency desc", "limit 50");
  save("visits-by-status", accessLog, "stats count(*) by status, bin(5m)");
}

function createDashboard(
  { api, visit, table }: Monitored,
  counted: ReturnType<typeof countLines>,
  alarms: aws.cloudwatch.MetricAlarm[],
  parent: pulumi.CustomResourceOptions,
) {
  const { region } = aws.getRegionOutput({}, parent);
  const ofApi = ["ApiId", api.id];
  const ofFunction = ["FunctionName", visit.name];
  const ofTable = ["TableName", table.name];
  const ofUpdates = [...ofTable, "Operation", "UpdateItem"];
  const { started, failed, refused } = counted;

  const graph = (title: string, stat: string, metrics: unknown[][]) => ({
    type: "metric",
    width: 8,
    height: 6,
    properties: { title, stat, metrics, region, period: PERIOD, view: "timeSeries" },
  });
  const graphs = [
    graph("Visits and new sessions", "Sum", [
      ["AWS/ApiGateway", "Count", ...ofApi],
      [started.namespace, started.metricName],
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
      [refused.namespace, refused.metricName],
      [failed.namespace, failed.metricName],
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
      // Pulumi generates no name for a dashboard. The function's name is unique in the account.
      dashboardName: visit.name,
      dashboardBody: pulumi.jsonStringify({
        widgets: [
          {
            type: "alarm",
            width: 8,
            height: 6,
            properties: { title: "Alarms", alarms: alarms.map(({ arn }) => arn) },
          },
          ...graphs,
        ],
      }),
    },
    parent,
  );
  return pulumi.interpolate`https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboard.dashboardName}`;
}
