import { DeliveryError } from "../events/sink.js";

/** SNS says that this very message is wrong: an attribute, its size. */
const ABOUT_THE_MESSAGE =
  /^(?:InvalidParameter(?:Value)?|ParameterValueInvalid|ValidationError|Validation)(?:Exception)?$/;
/** The same codes tell of a topic that is wrong, which somebody may put right. */
const ABOUT_THE_TOPIC = /\b(?:Topic|Target)Arn\b/;
/** Whose text operators need, and which cannot hold what the request was signed with. */
const TEXT_IS_SHOWN = /^(?:NotFound|AuthorizationError|KMS[A-Za-z]*|Throttled)(?:Exception)?$/;
const MOST_CHARACTERS = 500;

/**
 * SNS repeats the signed request, session token included, when it refuses the signature: so the text of an
 * error is shown only where it is known what it says.
 *
 * @param error - what publishing failed with
 * @returns the same, as the outbox understands it: lasting when SNS will never take the message
 */
export function snsDeliveryError(error: unknown): DeliveryError {
  const { name, code, message } = partsOf(error);
  const isAboutMessage = ABOUT_THE_MESSAGE.test(name);
  if (isAboutMessage || TEXT_IS_SHOWN.test(name))
    return new DeliveryError(`SNS: ${name}: ${message}`.slice(0, MOST_CHARACTERS), {
      lasting: isAboutMessage && !ABOUT_THE_TOPIC.test(message),
    });
  if (name === "CredentialsProviderError")
    return new DeliveryError("SNS: no AWS credentials are found");
  if (name === "TimeoutError" || name === "AbortError")
    return new DeliveryError("SNS: no answer in time");
  return new DeliveryError(`SNS: ${code ?? name}`);
}

/** Not `instanceof Error`: what the SDK throws may come from another realm. */
function partsOf(error: unknown): { name: string; code: string | null; message: string } {
  const parts: { name?: unknown; code?: unknown; message?: unknown } =
    typeof error === "object" && error !== null ? error : {};
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return {
    name: text(parts.name) || "unknown error",
    code: text(parts.code) || null,
    message: text(parts.message),
  };
}
