import { z } from "zod";
import { NO_ENDPOINT } from "../exit/exit-codes.js";
import { ServerRefusal } from "../exit/faults.js";

const errorSchema = z.object({
  code: z.string().default(""),
  message: z.string().default(""),
  detail: z.unknown().optional(),
});
/** Either of both forms: a registry's errors, or a problem (RFC 9457), which may have those inside. */
const bodySchema = z.object({
  errors: z.array(errorSchema).optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  code: z.string().optional(),
});

const HINTS: Readonly<Record<number, string>> = {
  401: "log in: wharf login, or set WHARF_TOKEN; wharf doctor says which login counts",
  429: "wait, then ask again",
  503: "nothing was decided: ask again in a while",
};

/**
 * @param status - HTTP status of an answer that is none of 2xx
 * @param text - its body
 * @param retryAfter - its header `Retry-After`, if there is one
 * @returns it as what ends a command
 */
export function refusalOf(status: number, text: string, retryAfter: string | null): ServerRefusal {
  const body = parseBody(text);
  const error = body?.errors?.[0];
  const code = error?.code ?? body?.code ?? null;
  const said = error?.message ?? body?.detail ?? body?.title ?? `HTTP ${status}`;
  const message = code === null || code === "" ? said : `${code}: ${said}`;
  return new ServerRefusal(
    status,
    code,
    message,
    hintOf({ status, code }, error?.detail, retryAfter),
  );
}

function hintOf(
  { status, code }: { readonly status: number; readonly code: string | null },
  detail: unknown,
  retryAfter: string | null,
): string | null {
  if (status === 404 && code === NO_ENDPOINT) return "the gateway may be older than this wharf";
  if (status === 503 && retryAfter !== null) return `ask again in ${retryAfter} s`;
  if (status === 409 && isObject(detail)) {
    const known = Object.entries(detail).filter(([, value]) => typeof value === "string");
    if (known.length > 0) return known.map(([key, value]) => `${key}: ${String(value)}`).join(", ");
  }
  return HINTS[status] ?? null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function parseBody(text: string): z.output<typeof bodySchema> | null {
  try {
    const parsed = bodySchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
