import { z } from "zod";

/** What an error is told as (RFC 9457), as service-kit sends it. */
export const problem = z
  .object({
    type: z.string().meta({ description: "What kind of error it is: a name, and no place." }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().meta({ description: "What is wrong with this request, and what to do." }),
    code: z.string().meta({ description: "As in `errors`." }),
    requestId: z.string().meta({ description: "By which the request is found in logs." }),
    errors: z
      .array(z.object({ code: z.string(), message: z.string(), detail: z.unknown().optional() }))
      .meta({ description: "The same, in the form of a registry's errors." }),
  })
  .meta({ id: "Problem" });
