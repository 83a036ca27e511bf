import type { EnvReader } from "#service-kit/config.js";
import { readPageIssuers } from "../oidc/config.js";
import type { PageIssuer } from "../oidc/issuers.js";
import type { SessionLimits } from "../sessions/sql.js";

/** How people log in on the web page. */
export interface PageSettings {
  /** How long they stay logged in. */
  readonly sessions: SessionLimits;
  /** By whose pages they log in, too. */
  readonly pageIssuers: readonly PageIssuer[];
}

/**
 * @param read - reader that collects faults
 * @returns how people log in on the web page, and for how long
 */
export function readPageSettings(read: EnvReader): PageSettings {
  return { sessions: readSessionLimits(read), pageIssuers: readPageIssuers(read) };
}

function readSessionLimits(read: EnvReader): SessionLimits {
  return {
    idleSeconds: read.integer(
      "SESSION_IDLE_SECONDS",
      3_600,
      { min: 60, max: 86_400 },
      "how long a login on the web page lasts while nobody is there; what the page asks by itself does not count (docs/web-page.md)",
    ),
    seconds: read.integer(
      "SESSION_SECONDS",
      43_200,
      { min: 300, max: 604_800 },
      "how long it lasts in any case",
    ),
  };
}
