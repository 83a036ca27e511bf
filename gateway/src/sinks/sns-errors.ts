import { z } from "zod";
import { reasonOf } from "#service-kit/http/exchange.js";
import { DeliveryError } from "../events/sink.js";
import { retryAfterSeconds } from "./retry-after.js";

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
 * @param asked - how SNS was asked
 * @returns the same, as the outbox understands it: lasting when SNS will never take the message
 */
export function snsDeliveryError(error: unknown, asked = "SNS"): DeliveryError {
  const { name, code, message, retryAfter } = partsOf(error);
  const passing = (text: string) =>
    new DeliveryError(`${asked}: ${text}`, { retryAfterSeconds: retryAfter });
  const isAboutMessage = ABOUT_THE_MESSAGE.test(name);
  if (isAboutMessage || TEXT_IS_SHOWN.test(name))
    return new DeliveryError(`${asked}: ${name}: ${message}`.slice(0, MOST_CHARACTERS), {
      lasting: isAboutMessage && !ABOUT_THE_TOPIC.test(message),
      retryAfterSeconds: retryAfter,
    });
  if (name === "CredentialsProviderError") return passing("no AWS credentials are found");
  if (name === "TimeoutError" || name === "AbortError") return passing("no answer in time");
  return passing(code === "ERR_PROXY_TUNNEL" ? reasonOf(error) : (code ?? name));
}

interface Parts {
  readonly name: string;
  readonly code: string | null;
  readonly message: string;
  /** Seconds for which SNS, or a proxy before it, asked to be spared. */
  readonly retryAfter: number | null;
}

/** Not `instanceof Error`: what the SDK throws may come from another realm. */
function partsOf(error: unknown): Parts {
  const parts: { name?: unknown; code?: unknown; message?: unknown; $response?: unknown } =
    typeof error === "object" && error !== null ? error : {};
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return {
    name: text(parts.name) || "unknown error",
    code: text(parts.code) || null,
    message: text(parts.message),
    retryAfter: retryAfterIn(parts.$response),
  };
}

const answerSchema = z.object({
  statusCode: z.number(),
  headers: z.object({ "retry-after": z.string() }),
});

function retryAfterIn(response: unknown): number | null {
  const answer = answerSchema.safeParse(response);
  if (!answer.success) return null;
  const { statusCode, headers } = answer.data;
  const isBusy = statusCode === 429 || statusCode >= 500;
  return isBusy ? retryAfterSeconds(headers["retry-after"], Date.now()) : null;
}
