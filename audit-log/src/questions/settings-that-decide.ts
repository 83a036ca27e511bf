/** Settings that bear on what somebody may do, beside the rules. */
const ALWAYS = ["AUTHENTICATION", "LOGINS_FILE", "HTTP_TEAM_SERVICE_URL", "HTTP_TOKENINFO_URL"];
const OF = {
  pull: ["HTTP_ALLOW_PUBLIC_READ"],
  push: [],
  delete: ["ALLOW_DELETE"],
} as const;

/** Settings by service, those that were given. */
export type SettingsByService = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * @param action - what is to be done
 * @param settings - all that were in force
 * @returns those of them that bear on it
 */
export function decidesAbout(
  action: keyof typeof OF,
  settings: SettingsByService,
): SettingsByService {
  const names: readonly string[] = [...ALWAYS, ...OF[action]];
  return Object.fromEntries(
    Object.entries(settings).map(([service, all]) => [
      service,
      Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name))),
    ]),
  );
}
