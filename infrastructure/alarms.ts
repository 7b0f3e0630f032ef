import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** The resources that are watched. */
export interface Monitored {
  api: aws.apigatewayv2.Api;
  accessLog: aws.cloudwatch.LogGroup;
  visit: aws.lambda.Function;
  functionLog: aws.cloudwatch.LogGroup;
  table: aws.dynamodb.Table;
}

/** Of alarms and of the dashboard's graphs, in seconds. */
export const PERIOD = 300;

/** A metric in an alarm's metric math. */
interface Metric {
  namespace: pulumi.Input<string>;
  metricName: pulumi.Input<string>;
  dimensions?: Record<string, pulumi.Input<string>>;
}

// A single bad visit at night wakes nobody. The SDK tries each call three times, and a visit makes two calls if its session
// has ended, so one bad visit can be five failed calls.
const BAD_VISITS = 2;
const FAILED_CALLS = 5;

/**
 * Alarms that call for action. Each needs more than one bad visit within five minutes.
 *
 * @param refused counts visits that the stage's limits refused
 * @param failed counts visits that the handler answered with 503
 * @param actions ARNs that are notified when an alarm goes on or off
 */
export function createAlarms(
  { api, visit, functionLog, table }: Monitored,
  { refused, failed }: { refused: Metric; failed: Metric },
  actions: pulumi.Output<string>[],
  parent: pulumi.CustomResourceOptions,
): aws.cloudwatch.MetricAlarm[] {
  const ofApi = { namespace: "AWS/ApiGateway", dimensions: { ApiId: api.id } };
  const ofFunction = { namespace: "AWS/Lambda", dimensions: { FunctionName: visit.name } };
  const ofUpdates = {
    namespace: "AWS/DynamoDB",
    dimensions: { TableName: table.name, Operation: "UpdateItem" },
  };
  const visits = { ...ofApi, metricName: "Count" };

  const alarms: Record<string, Partial<aws.cloudwatch.MetricAlarmArgs>> = {
    "function-errors": {
      ...moreThan(BAD_VISITS, { ...ofFunction, metricName: "Errors" }),
      alarmDescription: pulumi.interpolate`The function threw or timed out, and visitors got a 500. In the log group ${functionLog.name}, look for lines with the level ERROR, and for platform.report lines with "status":"timeout": a time-out leaves no other trace. If it began with a deployment, deploy the code before it again.`,
    },
    "function-throttles": {
      ...moreThan(BAD_VISITS, { ...ofFunction, metricName: "Throttles" }),
      alarmDescription:
        "Lambda turned invocations away: this region's concurrent executions, or ten times as many requests a second, are used up. Find the function that uses most of them in the Lambda console. Ask for a higher quota, or reserve concurrency for this function.",
    },
    "account-concurrency": {
      ...math(80, 1, "100 * claimed / SERVICE_QUOTA(running)", {
        claimed: [{ namespace: "AWS/Lambda", metricName: "ClaimedAccountConcurrency" }, "Maximum"],
        running: [{ namespace: "AWS/Lambda", metricName: "ConcurrentExecutions" }, "Maximum"],
      }),
      alarmDescription:
        "The account's functions use more than 80 % of this region's concurrent executions; at 100 %, visits are turned away. Find the function that uses most of them in the Lambda console, or ask for a higher quota (Service Quotas, AWS Lambda, Concurrent executions).",
    },
    "api-errors": {
      ...share({ ...ofApi, metricName: "5xx" }, visits),
      alarmDescription:
        "More than 1 % of the requests were answered with 5xx. If the alarm store-failures is on, too, the table is the cause. If not, look at integrationError in the access log.",
    },
    "store-failures": {
      ...share(failed, visits),
      alarmDescription: pulumi.interpolate`For more than 1 % of the requests, the function could not use the table and answered 503. Look for "the session store failed" in the log group ${functionLog.name}: reason is what DynamoDB or the network answered.`,
    },
    "refused-visits": {
      ...share(refused, visits),
      alarmDescription:
        "More than 1 % of the requests got a 429, because they exceed the stage's or the account's limits. See in the access log whether they come from a few addresses. If they are visitors, raise throttlingRateLimit and throttlingBurstLimit, within the account's quotas.",
    },
    "api-latency": {
      // Below 10 visits in a period, the 90th percentile is the slowest visit, often a cold start.
      ...math(1000, 3, "IF(visits >= 10, latency, 0)", {
        visits: [visits, "Sum"],
        latency: [{ ...ofApi, metricName: "Latency" }, "p90"],
      }),
      alarmDescription:
        "For 15 minutes, one visit in ten took longer than a second. See on the dashboard whether DynamoDB is slow. If not, look for cold starts in the function's log (initDurationMs): more memory (memorySize) shortens them.",
    },
    "table-throttles": {
      ...moreThan(FAILED_CALLS, { ...ofUpdates, metricName: "ThrottledRequests" }),
      alarmDescription:
        "DynamoDB throttled updates. An on-demand table takes twice its former peak within 30 minutes. If it lasts longer, one session gets more than 1,000 visits a second, or the account's quota for a table is reached.",
    },
    "table-errors": {
      ...moreThan(FAILED_CALLS, { ...ofUpdates, metricName: "SystemErrors" }),
      alarmDescription:
        "DynamoDB failed on its side, and the function retried. If it lasts, see the AWS Health Dashboard for this region.",
    },
  };
  return Object.entries(alarms).map(([name, args]) => {
    const sent = { alarmActions: actions, okActions: actions, treatMissingData: "notBreaching" };
    const all = { evaluationPeriods: 1, ...args, ...sent, comparisonOperator: "GreaterThanThreshold" };
    return new aws.cloudwatch.MetricAlarm(name, all, parent);
  });
}

const moreThan = (threshold: number, metric: Metric) => ({
  ...metric,
  threshold,
  statistic: "Sum",
  period: PERIOD,
});

/** More than 1 % of the visits, and more than {@link BAD_VISITS}. */
const share = (bad: Metric, visits: Metric) =>
  math(1, 1, `IF(bad > ${BAD_VISITS}, 100 * bad / visits, 0)`, {
    bad: [bad, "Sum"],
    visits: [visits, "Sum"],
  });

const math = (
  threshold: number,
  evaluationPeriods: number,
  expression: string,
  metrics: Record<string, [metric: Metric, stat: string]>,
) => ({
  threshold,
  evaluationPeriods,
  metricQueries: [
    { id: "value", expression, label: expression, returnData: true },
    ...Object.entries(metrics).map(([id, [metric, stat]]) => ({
      id,
      metric: { ...metric, stat, period: PERIOD },
    })),
  ],
});
