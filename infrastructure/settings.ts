import * as pulumi from "@pulumi/pulumi";

/**
 * The stack's settings. `Pulumi.yaml` declares each with its type, default and description.
 */
const config = new pulumi.Config();

export const settings = {
  cookieName: config.require("cookieName"),
  idleSeconds: config.requireNumber("idleSeconds"),
  absoluteSeconds: config.requireNumber("absoluteSeconds"),
  memorySize: config.requireNumber("memorySize"),
  logRetentionDays: config.requireNumber("logRetentionDays"),
};
