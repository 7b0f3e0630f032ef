import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** The monitored resources. */
export interface Monitored {
  api: aws.apigatewayv2.Api;
  accessLog: aws.cloudwatch.LogGroup;
  visit: aws.lambda.Function;
  functionLog: aws.cloudwatch.LogGroup;
  table: aws.dynamodb.Table;
}

/** Period of alarms and of the dashboard's graphs, in seconds. */
export const PERIOD = 300;

/** A metric in an alarm's metric math. */
interface Metric {
  namespace: pulumi.Input<string>;
  metricName: pulumi.Input<string>;
  dimensions?: Record<string, pulumi.Input<string>>;
}

// A single failed visit at night must not wake anyone. The SDK tries each call up to three times, and a visit to an ended
// session makes two calls, so one failed visit can cause five failed calls.
const FAILED_VISITS = 2;
const FAILED_CALLS = 5;

/**
 * Creates alarms that call for action. Each needs more than one failed visit within five minutes.
 *
 * @param throttled counts visits that got a 429
 * @param failed counts visits that got a 503 from the handler
 * @param actions ARNs to notify when an alarm goes on or off
 */
export function createAlarms(
  { api, visit, functionLog, table }: Monitored,
  { throttled, failed }: { throttled: Metric; failed: Metric },
  actions: pulumi.Output<string>[],
  parent: pulumi.CustomResourceOptions,
): aws.cloudwatch.MetricAlarm[] {
  const apiMetric = { namespace: "AWS/ApiGateway", dimensions: { ApiId: api.id } };
  const functionMetric = { namespace: "AWS/Lambda", dimensions: { FunctionName: visit.name } };
  const updateMetric = {
    namespace: "AWS/DynamoDB",
    dimensions: { TableName: table.name, Operation: "UpdateItem" },
  };
  const visits = { ...apiMetric, metricName: "Count" };

  const alarms: Record<string, Partial<aws.cloudwatch.MetricAlarmArgs>> = {
    "function-errors": {
      ...moreThan(FAILED_VISITS, { ...functionMetric, metricName: "Errors" }),
      alarmDescription: pulumi.interpolate`The function threw an error or timed out, and visitors got a 500. In the log group ${functionLog.name}, look for lines with the level ERROR, and for platform.report lines with "status":"timeout", the only trace of a timeout. If it started with a deployment, deploy the previous code again.`,
    },
    "function-throttles": {
      ...moreThan(FAILED_VISITS, { ...functionMetric, metricName: "Throttles" }),
      alarmDescription:
        "Lambda throttled invocations: the account has used up this region's concurrent executions, or ten times as many requests per second. In the Lambda console, find the function that uses most of them. Request a higher quota, or reserve concurrency for this function.",
    },
    "account-concurrency": {
      ...math(80, 1, "100 * claimed / SERVICE_QUOTA(running)", {
        claimed: [{ namespace: "AWS/Lambda", metricName: "ClaimedAccountConcurrency" }, "Maximum"],
        running: [{ namespace: "AWS/Lambda", metricName: "ConcurrentExecutions" }, "Maximum"],
      }),
      alarmDescription:
        "The account's functions use more than 80 % of this region's concurrent executions; at 100 %, visits fail. In the Lambda console, find the function that uses most of them, or request a higher quota (Service Quotas, AWS Lambda, Concurrent executions).",
    },
    "api-errors": {
      ...moreThanOnePercent({ ...apiMetric, metricName: "5xx" }, visits),
      alarmDescription:
        "More than 1 % of requests got a 5xx. If the alarm store-failures is also on, the table is the cause. If not, look at integrationError in the access log.",
    },
    "store-failures": {
      ...moreThanOnePercent(failed, visits),
      alarmDescription: pulumi.interpolate`For more than 1 % of requests, the function could not use the table and returned 503. Look for "the session store failed" in the log group ${functionLog.name}; "reason" is the error from DynamoDB or the network.`,
    },
    "throttled-visits": {
      ...moreThanOnePercent(throttled, visits),
      alarmDescription:
        "More than 1 % of requests got a 429, because they exceeded the stage's or the account's limits. Check in the access log whether they come from a few addresses. If they come from visitors, raise throttlingRateLimit and throttlingBurstLimit, within the account's quotas.",
    },
    "api-latency": {
      // Below 10 visits in a period, the 90th percentile is the slowest visit, often a cold start.
      ...math(1000, 3, "IF(visits >= 10, latency, 0)", {
        visits: [visits, "Sum"],
        latency: [{ ...apiMetric, metricName: "Latency" }, "p90"],
      }),
      alarmDescription:
        "For 15 minutes, one visit in ten took longer than a second. Check on the dashboard whether DynamoDB is slow. If not, look for cold starts in the function's log (initDurationMs); more memory (memorySize) shortens them.",
    },
    "table-throttles": {
      ...moreThan(FAILED_CALLS, { ...updateMetric, metricName: "ThrottledRequests" }),
      alarmDescription:
        "DynamoDB throttled updates. An on-demand table needs up to 30 minutes to take more than twice its previous peak. If throttling lasts longer, check whether one session gets more than 1,000 visits per second, or the table has reached the account's quota.",
    },
    "table-errors": {
      ...moreThan(FAILED_CALLS, { ...updateMetric, metricName: "SystemErrors" }),
      alarmDescription:
        "DynamoDB had internal errors, and the function retried. If they persist, check the AWS Health Dashboard for this region.",
    },
  };
  return Object.entries(alarms).map(([name, args]) => {
    const shared = { alarmActions: actions, okActions: actions, treatMissingData: "notBreaching" };
    const all = { evaluationPeriods: 1, ...args, ...shared, comparisonOperator: "GreaterThanThreshold" };
    return new aws.cloudwatch.MetricAlarm(name, all, parent);
  });
}

const moreThan = (threshold: number, metric: Metric) => ({
  ...metric,
  threshold,
  statistic: "Sum",
  period: PERIOD,
});

/** More than 1 % of visits, and more than {@link FAILED_VISITS}. */
const moreThanOnePercent = (bad: Metric, visits: Metric) =>
  math(1, 1, `IF(bad > ${FAILED_VISITS}, 100 * bad / visits, 0)`, {
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
