import { z } from "zod";
import type { Client } from "../api/client.js";
import { CommandFault } from "../exit/faults.js";
import type { Login } from "../login/login.js";
import { bad, good, look, type Finding } from "./finding.js";

const tokenSchema = z.object({ token: z.string() });
const claimsSchema = z.looseObject({
  sub: z.string().default(""),
  realm: z.string().optional(),
  kind: z.string().optional(),
  nbf: z.number().optional(),
  exp: z.number().optional(),
});

/**
 * @param find - looks for the login that counts
 * @returns the login, and where it is from
 */
export async function checkLogin(
  find: () => Promise<Login | null>,
): Promise<{ readonly finding: Finding; readonly login: Login | null }> {
  try {
    const login = await find();
    return login === null
      ? {
          login,
          finding: look("login", "none: an anonymous caller", "wharf login, or set WHARF_TOKEN"),
        }
      : { login, finding: good("login", `from ${login.origin}`) };
  } catch (error) {
    const message = error instanceof Error ? error.message : "failed";
    const hint = error instanceof CommandFault ? error.hint : null;
    return { login: null, finding: bad("login", message, hint ?? "wharf login") };
  }
}

/**
 * @param client - registry, with the login
 * @returns whose token it gets, by what the token says of itself; good by this machine's clock or not
 */
export async function checkToken(client: Client): Promise<Finding> {
  try {
    const answer = await client.ask("/token?client_id=wharf-doctor");
    const { token } = tokenSchema.parse(await answer.json());
    const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8");
    const { sub, realm, kind, nbf, exp } = claimsSchema.parse(JSON.parse(payload));
    const who = `${sub === "" ? "nobody in particular" : sub}${realm === undefined ? "" : ` in ${realm}`}${kind === undefined ? "" : `, by ${kind}`}`;
    const now = Date.now() / 1000;
    if (nbf !== undefined && nbf > now)
      return bad(
        "token",
        `${who}: good only in ${Math.ceil(nbf - now)} s by this machine's clock`,
        "let both follow NTP",
      );
    if (exp !== undefined && exp < now)
      return bad("token", `${who}: has ended by this machine's clock`, "let both follow NTP");
    return good("token", who);
  } catch (error) {
    const message = error instanceof Error ? error.message : "failed";
    return bad("token", message, "log in again: wharf login");
  }
}
