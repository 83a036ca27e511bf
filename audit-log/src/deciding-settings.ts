/**
 * @param env - environment variables
 * @param names - those that decide who may do what, and that hold no secret
 * @returns their values, without credentials in URLs; `null`: not given
 */
export function decidingSettings(
  env: NodeJS.ProcessEnv,
  names: readonly string[],
): Record<string, string | null> {
  return Object.fromEntries(
    names.map((name) => {
      const value = env[name]?.trim() ?? "";
      return [name, value === "" ? null : withoutCredentials(value)];
    }),
  );
}

function withoutCredentials(value: string): string {
  return value.replace(/(^|[\s,])([a-z][a-z0-9+.-]*:\/\/)[^\s,/@]*@/gi, "$1$2");
}
