import { z } from "zod";
import { textGlob } from "#access-policy/glob.js";
import { matchesGlob } from "#access-policy/glob-match.js";
import { isTrustworthyUrl } from "#service-kit/http/trustworthy-url.js";
import { realmSchema } from "../setting-schemas.js";
import { isAmbiguous, teamMappingShape } from "../team-mapping.js";
import { parseTemplate, type Template } from "../template.js";

/** Asymmetric ones alone: with HS256, whoever knows the public key could sign. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
] as const;

const templateSchema = z
  .string()
  .min(1)
  .transform((source, context): Template => {
    try {
      return parseTemplate(source);
    } catch (error) {
      context.addIssue({ code: "custom", message: error instanceof Error ? error.message : "" });
      return z.NEVER;
    }
  });

/** A claim's name, or a template such as `github:${repository}`. */
const claimOrTemplate = z
  .string()
  .min(1)
  .transform((source) => (source.includes("${") ? source : `\${${source}}`))
  .pipe(templateSchema);

const teamRuleSchema = z
  .strictObject({
    claim: z.string().min(1).optional(),
    template: templateSchema.optional(),
    ...teamMappingShape,
  })
  .refine(({ claim, template }) => (claim === undefined) !== (template === undefined), {
    error: "wanted either claim or template",
  })
  .refine((rule) => !isAmbiguous(rule), { error: "wanted one of map, prefix and pattern" });

const globSchema = z
  .string()
  .min(1)
  .transform((source) => {
    const glob = textGlob(source);
    return (text: string) => matchesGlob(glob, text);
  });
const oneOrMore = <T extends z.ZodType>(schema: T, wanted: string) =>
  z.union([schema.transform((one) => [one]), z.array(schema).min(1)], { error: wanted });

const scopesSchema = z.union(
  [z.array(z.string().regex(/^[\x21-\x7e]+$/)), z.strictObject({ claim: z.string().min(1) })],
  { error: "wanted a list of scopes, or claim: and the name of the claim that holds them" },
);

const VALUES_WANTED = "wanted a value in quotes, or a list of them";
const AUDIENCE_WANTED = "wanted the audience that tokens for us are made for, or a list of them";
const REQUIRE_WANTED =
  "wanted claims and the values they must have, or the word anybody when everybody whom this issuer knows may log in";
const requireSchema = z.union(
  [
    z.literal("anybody").transform(() => ({})),
    z
      .record(z.string(), oneOrMore(globSchema, VALUES_WANTED))
      .refine((required) => Object.keys(required).length > 0, REQUIRE_WANTED),
  ],
  { error: REQUIRE_WANTED },
);

/**
 * @param fileSchema - schema of a path, so that the file's absence is told with the line
 * @returns schema of one issuer in the logins file
 */
export function issuerSchema(fileSchema: z.ZodType<string>) {
  return z
    .strictObject({
      issuer: z.string().refine(isIssuer, "wanted an absolute URL without query and fragment"),
      /** Who the tokens must be made for; without it, tokens made for other services would do. */
      audience: oneOrMore(z.string().min(1), AUDIENCE_WANTED),
      require: requireSchema,
      uid: claimOrTemplate,
      realm: realmSchema.default("/services"),
      teams: z.array(teamRuleSchema).optional(),
      scopes: scopesSchema.default([]),
      /** Claims that the policy may ask about; all when absent. */
      claims: z.array(z.string().min(1)).max(100).optional(),
      algorithms: z
        .array(z.enum(ALGORITHMS))
        .min(1)
        .default([...ALGORITHMS]),
      maxAgeSeconds: z.int().min(60).optional(),
      /** Instead of discovery. */
      keysUrl: z.url({ protocol: /^https?$/ }).optional(),
      keysFile: fileSchema.optional(),
      allowHttp: z.boolean().default(false),
    })
    .superRefine(({ issuer, allowHttp, keysUrl, keysFile }, context) => {
      const refuse = (key: string, message: string) => {
        context.addIssue({ code: "custom", path: [key], message });
      };
      if (keysUrl !== undefined && keysFile !== undefined)
        refuse("keysUrl", "wanted one of keysUrl and keysFile");
      const insecure = "wanted https (http needs allowHttp: true, or a loopback address)";
      if (keysFile === undefined && !isTrustworthyUrl(issuer, allowHttp))
        refuse("issuer", insecure);
      if (keysUrl !== undefined && !isTrustworthyUrl(keysUrl, allowHttp))
        refuse("keysUrl", insecure);
    });
}

/** One issuer of the logins file, checked. */
export type Issuer = z.output<ReturnType<typeof issuerSchema>>;

function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, search, hash, username } = new URL(text);
  return ["http:", "https:"].includes(protocol) && search === "" && hash === "" && username === "";
}
