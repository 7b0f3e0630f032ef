import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { createAlarms, type Monitored, PERIOD } from "./alarms";

/** Alarms, a dashboard and saved log queries. */
export class Monitoring extends pulumi.ComponentResource {
  readonly dashboardUrl: pulumi.Output<string>;

  /** @param alarmEmail the address that gets the alarms; if empty, they only appear in CloudWatch */
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
    const logMetrics = addLogMetrics(monitored, parent);
    const alarms = createAlarms(monitored, logMetrics, actions, parent);
    this.dashboardUrl = createDashboard(monitored, logMetrics, alarms, parent);
    saveQueries(monitored, parent);
    this.registerOutputs({ dashboardUrl: this.dashboardUrl });
  }
}

/** Creates metrics that AWS doesn't publish, by counting log lines. */
function addLogMetrics({ accessLog, visit, functionLog }: Monitored, parent: pulumi.CustomResourceOptions) {
  const count = (name: string, metricName: string, logGroup: aws.cloudwatch.LogGroup, pattern: string) => {
    const metric = { namespace: visit.name, name: metricName, value: "1", defaultValue: "0" };
    const args = { logGroupName: logGroup.name, pattern, metricTransformation: metric };
    new aws.cloudwatch.LogMetricFilter(name, args, parent);
    return { namespace: visit.name, metricName };
  };
  const failure = '{ $.message.message = "the session store failed" }';
  return {
    // The handler logs the first line for each new session, and the second for each 503.
    started: count("new-sessions", "NewSessions", functionLog, '{ $.message = "new session" }'),
    failed: count("store-failures", "StoreFailures", functionLog, failure),
    // The API's own metric, 4xx, also counts requests that match no route.
    throttled: count("throttled-visits", "ThrottledVisits", accessLog, '{ $.status = "429" }'),
  };
}

/** Saves queries for CloudWatch Logs Insights, in a folder with the function's name. */
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
  logMetrics: ReturnType<typeof addLogMetrics>,
  alarms: aws.cloudwatch.MetricAlarm[],
  parent: pulumi.CustomResourceOptions,
) {
  const { region } = aws.getRegionOutput({}, parent);
  const apiId = ["ApiId", api.id];
  const functionName = ["FunctionName", visit.name];
  const tableName = ["TableName", table.name];
  const updates = [...tableName, "Operation", "UpdateItem"];
  const { started, failed, throttled } = logMetrics;

  const graph = (title: string, stat: string, metrics: unknown[][]) => ({
    type: "metric",
    width: 8,
    height: 6,
    properties: { title, stat, metrics, region, period: PERIOD, view: "timeSeries" },
  });
  const graphs = [
    graph("Visits and new sessions", "Sum", [
      ["AWS/ApiGateway", "Count", ...apiId],
      [started.namespace, started.metricName],
    ]),
    graph("Latency (ms)", "p50", [
      ["AWS/ApiGateway", "Latency", ...apiId, { stat: "p50", label: "p50" }],
      ["AWS/ApiGateway", "Latency", ...apiId, { stat: "p90", label: "p90" }],
      ["AWS/ApiGateway", "Latency", ...apiId, { stat: "p99", label: "p99" }],
      ["AWS/DynamoDB", "SuccessfulRequestLatency", ...updates, { stat: "p99", label: "UpdateItem p99" }],
    ]),
    graph("Errors", "Sum", [
      ["AWS/ApiGateway", "4xx", ...apiId],
      ["AWS/ApiGateway", "5xx", ...apiId],
      [throttled.namespace, throttled.metricName],
      [failed.namespace, failed.metricName],
      ["AWS/Lambda", "Errors", ...functionName],
      ["AWS/Lambda", "Throttles", ...functionName],
      ["AWS/DynamoDB", "ThrottledRequests", ...updates],
      ["AWS/DynamoDB", "SystemErrors", ...updates],
    ]),
    graph("Consumed write units", "Sum", [["AWS/DynamoDB", "ConsumedWriteCapacityUnits", ...tableName]]),
    graph("Concurrent executions", "Maximum", [["AWS/Lambda", "ConcurrentExecutions", ...functionName]]),
  ];
  const dashboard = new aws.cloudwatch.Dashboard(
    "dashboard",
    {
      // Pulumi doesn't generate a name for a dashboard. The function's name is unique in the account.
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
