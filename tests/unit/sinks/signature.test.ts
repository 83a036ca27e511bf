import { randomBytes } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { Webhook } from "standardwebhooks";
import { retryAfterSeconds } from "#gateway/sinks/retry-after.js";
import { snsDeliveryError } from "#gateway/sinks/sns-errors.js";
import {
  signatureHeaders,
  signingKeys,
  SIGNING_SECRETS,
} from "#gateway/sinks/standard-webhooks.js";
import { secretFault } from "#service-kit/secret-form.js";

const secret = (bytes = 32) => `whsec_${randomBytes(bytes).toString("base64")}`;
const NOW = Date.parse("2026-11-20T19:58:06.900Z");

describe("a signature", () => {
  test("is the one of another implementation", () => {
    const mine = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const message = { id: "msg_1", body: '{"test": 2432232314}' };
    const headers = signatureHeaders(message, signingKeys(mine) ?? [], NOW);
    expect(headers).toEqual({
      "webhook-id": "msg_1",
      "webhook-timestamp": "1795204686",
      "webhook-signature": new Webhook(mine).sign("msg_1", new Date(NOW), message.body),
    });
  });

  test("is made with every secret while they are changed", () => {
    const [old, young, strange] = [secret(), secret(), secret()];
    const keys = signingKeys(`${young}\n${old}\n`) ?? [];
    const body = '{"a":"ü"}';
    const headers = signatureHeaders({ id: "1", body }, keys, Date.now());
    expect(new Webhook(old).verify(body, headers)).toEqual({ a: "ü" });
    expect(new Webhook(young).verify(body, headers)).toEqual({ a: "ü" });
    expect(() => new Webhook(strange).verify(body, headers)).toThrow("No matching signature");
    expect(() => new Webhook(old).verify(`${body} `, headers)).toThrow("No matching signature");
  });

  test.each([
    ["nothing", ""],
    ["no prefix", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"],
    ["too short", secret(23)],
    ["too long", secret(65)],
    ["no base64", "whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"],
    ["a good line and a bad one", `${secret()}\nwhsec_x`],
  ])("has no secret that is bad: %s", (_title, content) => {
    const fault = secretFault(content, SIGNING_SECRETS);
    expect(fault).toContain("wanted lines of whsec_ and base64 of 24 to 64 bytes");
  });

  test.each([24, 64])("has secrets of %s bytes", (bytes) => {
    expect(secretFault(secret(bytes), SIGNING_SECRETS)).toBeNull();
  });
});

describe("Retry-After", () => {
  test.each<[value: string | undefined, seconds: number | null]>([
    ["120", 120],
    [" 0 ", 0],
    ["Fri, 20 Nov 2026 19:58:16 GMT", 10],
    ["Fri, 20 Nov 2026 19:58:00 GMT", null],
    ["9999999999999", 86_400],
    ["soon", null],
    ["-1", null],
    ["", null],
    [undefined, null],
  ])("%s is %s seconds", (value, seconds) => {
    expect(retryAfterSeconds(value, NOW)).toBe(seconds);
  });
});

describe("an error of SNS", () => {
  const named = (name: string, message: string, code?: string) =>
    snsDeliveryError(Object.assign(new Error(message), { name, code }));

  test.each([
    ["InvalidParameterException", "Invalid parameter: Message too long", true],
    ["InvalidParameterValueException", "The message attribute is bad", true],
    ["ParameterValueInvalid", "bad", true],
    ["InvalidParameterException", "Invalid parameter: TopicArn", false],
    ["NotFoundException", "Topic does not exist", false],
    ["AuthorizationErrorException", "User: arn:x is not authorized", false],
    ["ThrottledException", "Rate exceeded", false],
    ["InternalErrorException", "x", false],
    ["ECONNREFUSED", "x", false],
    ["ExpiredToken", "x", false],
  ])("%s: %s is lasting: %s", (name, message, lasting) => {
    expect(named(name, message).lasting).toBe(lasting);
  });

  test("shows the text where operators need it", () => {
    expect(named("AuthorizationErrorException", "User: arn:x is not authorized").message).toBe(
      "SNS: AuthorizationErrorException: User: arn:x is not authorized",
    );
  });

  test.each(["SignatureDoesNotMatch", "ExpiredToken", "InvalidClientTokenId", "Unheard"])(
    "%s keeps what SNS repeats of the request to itself",
    (name) => {
      const error = named(name, "The canonical string was x-amz-security-token:SECRET");
      expect(error.message).toBe(`SNS: ${name}`);
      expect(error.cause).toBeUndefined();
    },
  );

  test.each([
    ["Error", "ECONNREFUSED", "SNS: ECONNREFUSED"],
    ["CredentialsProviderError", undefined, "SNS: no AWS credentials are found"],
    ["AbortError", undefined, "SNS: no answer in time"],
  ])("%s %s is told in short", (name, code, message) => {
    expect(named(name, "text", code).message).toBe(message);
  });

  test("need not be an error", () => {
    expect(snsDeliveryError("x").message).toBe("SNS: unknown error");
  });
});
