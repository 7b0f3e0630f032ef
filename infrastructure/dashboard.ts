import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Metric, type Monitored, metricsOf, PERIOD } from "./metrics";

/** Creates a dashboard of the alarms and of graphs. @returns its URL */
export function createDashboard(
  monitored: Monitored,
  alarms: aws.cloudwatch.MetricAlarm[],
  parent: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const { region } = aws.getRegionOutput({}, parent);
  const { ofApi, ofFunction, ofTable, ofUpdates, ofLogs } = metricsOf(monitored);

  const widget = (type: string, properties: object) => ({ type, width: 8, height: 6, properties });
  const graph = (title: string, stat: string, ...metrics: unknown[][]) =>
    widget("metric", { title, stat, metrics, region, period: PERIOD, view: "timeSeries" });
  const line = ({ namespace, metricName, dimensions = {} }: Metric, options = {}) =>
    [namespace, metricName, Object.entries(dimensions), options].flat(2);
  const percentile = (metric: Metric, stat: string, label = stat) => line(metric, { stat, label });
  const widgets = [
    widget("alarm", { title: "Alarms", alarms: alarms.map(({ arn }) => arn) }),
    graph("Visits and new sessions", "Sum", line(ofApi("Count")), line(ofLogs("NewSessions"))),
    graph(
      "Latency (ms)",
      "p50",
      percentile(ofApi("Latency"), "p50"),
      percentile(ofApi("Latency"), "p90"),
      percentile(ofApi("Latency"), "p99"),
      percentile(ofUpdates("SuccessfulRequestLatency"), "p99", "UpdateItem p99"),
    ),
    graph(
      "Errors",
      "Sum",
      ...["4xx", "5xx"].map((name) => line(ofApi(name))),
      ...["ThrottledVisits", "StoreFailures"].map((name) => line(ofLogs(name))),
      ...["Errors", "Throttles"].map((name) => line(ofFunction(name))),
      ...["ThrottledRequests", "SystemErrors"].map((name) => line(ofUpdates(name))),
    ),
    graph("Consumed write units", "Sum", line(ofTable("ConsumedWriteCapacityUnits"))),
    graph("Concurrent executions", "Maximum", line(ofFunction("ConcurrentExecutions"))),
  ];
  // Pulumi doesn't generate a name for a dashboard. The function's name is unique in the account.
  const args = { dashboardName: monitored.visit.name, dashboardBody: pulumi.jsonStringify({ widgets }) };
  const { dashboardName } = new aws.cloudwatch.Dashboard("dashboard", args, parent);
  const console = pulumi.interpolate`https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}`;
  return pulumi.interpolate`${console}#dashboards/dashboard/${dashboardName}`;
}
