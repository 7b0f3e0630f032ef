import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { type Metric, type Monitored, metricsOf, PERIOD } from "./metrics";

/** An alarm that needs someone to act. */
interface Definition {
  measured: Partial<aws.cloudwatch.MetricAlarmArgs>;
  /** The alarm is raised when the measured value is above this. */
  above: number;
  /** How many periods in a row must be above it. By default 1. */
  periods?: number;
  /** What has happened, in one sentence. */
  means: string;
  todo: string;
}

// A single failed visit at night must not wake anyone. The SDK tries each call up to three times, and a visit to an
// ended session makes two calls, so one failed visit can cause five failed calls.
const FAILED_VISITS = 2;
const FAILED_CALLS = 5;

/** Creates the alarms. A single failed visit raises none. @param actions ARNs to notify when one is raised or ends */
export function createAlarms(
  monitored: Monitored,
  actions: pulumi.Output<string>[],
  parent: pulumi.CustomResourceOptions,
): aws.cloudwatch.MetricAlarm[] {
  const { ofApi, ofFunction, ofAccount, ofUpdates, ofLogs } = metricsOf(monitored);
  const visits: [Metric, string] = [ofApi("Count"), "Sum"];
  const percentOfVisits = (bad: Metric) =>
    math(`IF(bad > ${FAILED_VISITS}, 100 * bad / visits, 0)`, { bad: [bad, "Sum"], visits });

  const definitions: Record<string, Definition> = {
    "function-errors": {
      measured: sum(ofFunction("Errors")),
      above: FAILED_VISITS,
      means: "The function threw an error or timed out, and visitors got a 500.",
      todo: 'Run the saved query "errors". If it started with a deployment, deploy the previous code again.',
    },
    "function-throttles": {
      measured: sum(ofFunction("Throttles")),
      above: FAILED_VISITS,
      means: "Lambda throttled visits: the account has no concurrent executions or requests left.",
      todo: "Request a higher quota, or reserve concurrency for this function.",
    },
    "account-concurrency": {
      measured: math("100 * claimed / SERVICE_QUOTA(running)", {
        claimed: [ofAccount("ClaimedAccountConcurrency"), "Maximum"],
        running: [ofAccount("ConcurrentExecutions"), "Maximum"],
      }),
      above: 80,
      means: "The account uses more than 80 % of its concurrent executions; at 100 %, visits fail.",
      todo: "Find the function that uses most of them, or request a higher quota.",
    },
    "api-errors": {
      measured: percentOfVisits(ofApi("5xx")),
      above: 1,
      means: "More than 1 % of visits got a 5xx.",
      todo: "If store-failures is also on, start there. If not, look at integrationError in the access log.",
    },
    "store-failures": {
      measured: percentOfVisits(ofLogs("StoreFailures")),
      above: 1,
      means: "More than 1 % of visits got a 503, because the function could not use the table.",
      todo: 'Run the saved query "errors"; "reason" is the error from DynamoDB or the network.',
    },
    "throttled-visits": {
      measured: percentOfVisits(ofLogs("ThrottledVisits")),
      above: 1,
      means: "More than 1 % of visits got a 429, because they exceeded the stage's or the account's limits.",
      todo: "Check in the access log whether they are attacks. If not, raise throttlingRateLimit.",
    },
    "api-latency": {
      // Below 10 visits in a period, the 90th percentile is the slowest visit, often a cold start.
      measured: math("IF(visits >= 10, latency, 0)", { visits, latency: [ofApi("Latency"), "p90"] }),
      above: 1000,
      periods: 3,
      means: "For 15 minutes, one visit in ten took longer than a second.",
      todo: "Check on the dashboard whether DynamoDB is slow. If not, look for cold starts.",
    },
    "table-throttles": {
      measured: sum(ofUpdates("ThrottledRequests")),
      above: FAILED_CALLS,
      means: "DynamoDB throttled updates, because they grew faster than the table can, or for one session.",
      todo: "Wait 30 minutes. If it lasts longer, check the table's quota and single sessions.",
    },
    "table-errors": {
      measured: sum(ofUpdates("SystemErrors")),
      above: FAILED_CALLS,
      means: "DynamoDB had internal errors, and the function retried.",
      todo: "If they persist, check the AWS Health Dashboard for this region.",
    },
  };
  return Object.entries(definitions).map(([name, { measured, above, periods = 1, means, todo }]) => {
    const args: aws.cloudwatch.MetricAlarmArgs = {
      ...measured,
      threshold: above,
      comparisonOperator: "GreaterThanThreshold",
      evaluationPeriods: periods,
      treatMissingData: "notBreaching",
      alarmDescription: `${means} ${todo} More: docs/operations.md#${name}`,
      alarmActions: actions,
      okActions: actions,
    };
    return new aws.cloudwatch.MetricAlarm(name, args, parent);
  });
}

const sum = (metric: Metric) => ({ ...metric, statistic: "Sum", period: PERIOD });

const math = (expression: string, metrics: Record<string, [metric: Metric, stat: string]>) => ({
  metricQueries: [
    { id: "value", expression, label: expression, returnData: true },
    ...Object.entries(metrics).map(([id, [metric, stat]]) => ({
      id,
      metric: { ...metric, stat, period: PERIOD },
    })),
  ],
});
