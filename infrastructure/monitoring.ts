import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { NEW_SESSION, STORE_FAILED } from "../sessions/errors";
import { createAlarms } from "./alarms";
import { createDashboard } from "./dashboard";
import type { Monitored } from "./metrics";

/** Alarms, a dashboard and saved log queries. */
export class Monitoring extends pulumi.ComponentResource {
  readonly dashboardUrl: pulumi.Output<string>;

  /** @param alarmEmail the address that alarms are sent to; if it is empty, they only appear in CloudWatch */
  constructor(name: string, { alarmEmail, ...monitored }: Monitored & { alarmEmail: string }) {
    super("sessions:infrastructure:Monitoring", name);
    const parent = { parent: this };
    const actions: pulumi.Output<string>[] = [];
    if (alarmEmail) {
      const topic = new aws.sns.Topic("alarms", {}, parent);
      const subscription = { topic: topic.arn, protocol: "email", endpoint: alarmEmail };
      new aws.sns.TopicSubscription("alarms", subscription, parent);
      actions.push(topic.arn);
    }
    countLogLines(monitored, parent);
    this.dashboardUrl = createDashboard(monitored, createAlarms(monitored, actions, parent), parent);
    saveQueries(monitored, parent);
    this.registerOutputs({ dashboardUrl: this.dashboardUrl });
  }
}

/** Creates metrics that AWS doesn't publish. */
function countLogLines({ accessLog, visit, functionLog }: Monitored, parent: pulumi.CustomResourceOptions) {
  const count = (name: string, metricName: string, logGroup: aws.cloudwatch.LogGroup, pattern: string) => {
    const metric = { namespace: visit.name, name: metricName, value: "1", defaultValue: "0" };
    const args = { logGroupName: logGroup.name, pattern, metricTransformation: metric };
    new aws.cloudwatch.LogMetricFilter(name, args, parent);
  };
  // The session store logs a text for each new session, and an object for each failure.
  count("new-sessions", "NewSessions", functionLog, `{ $.message = "${NEW_SESSION}" }`);
  count("store-failures", "StoreFailures", functionLog, `{ $.message.message = "${STORE_FAILED}" }`);
  // The API's own metric, 4xx, also counts requests that match no route.
  count("throttled-visits", "ThrottledVisits", accessLog, '{ $.status = "429" }');
}

/** Saves queries for CloudWatch Logs Insights, in a folder with the function's name. */
function saveQueries({ accessLog, visit, functionLog }: Monitored, parent: pulumi.CustomResourceOptions) {
  const save = (name: string, logGroup: aws.cloudwatch.LogGroup, ...commands: string[]) => {
    const queryName = pulumi.interpolate`${visit.name}/${name}`;
    const query = { name: queryName, logGroupNames: [logGroup.name], queryString: commands.join("\n| ") };
    new aws.cloudwatch.QueryDefinition(name, query, parent);
  };
  const isError = 'level = "ERROR" or record.status in ["timeout", "failure", "error"]';
  save("errors", functionLog, "fields @timestamp, @message", `filter ${isError}`, "sort @timestamp desc");
  const slow = "fields @timestamp, latency, integrationLatency, status, functionRequestId";
  save("slow-visits", accessLog, slow, "sort latency desc", "limit 50");
  save("visits-by-status", accessLog, "stats count(*) by status, bin(5m)");
}
