import { fromEnv } from "@aws-sdk/credential-provider-env";
import { fromHttp } from "@aws-sdk/credential-provider-http";

/**
 * Replaces the SDK's default credentials in the bundle. Lambda passes credentials in environment variables or, with
 * SnapStart, the address of an endpoint. Other sources, such as profiles, don't exist there but take a lot of code.
 */
export const defaultProvider = () => () => (process.env.AWS_ACCESS_KEY_ID ? fromEnv() : fromHttp())();
