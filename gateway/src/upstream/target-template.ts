/** Forms of the paths that the gateway asks for, the more particular ones first. */
const TEMPLATES: readonly (readonly [path: RegExp, template: string])[] = [
  [/\/manifests\/[^/]+$/, "/v2/{name}/manifests/{reference}"],
  [/\/blobs\/uploads(?:\/[^/]*)?$/, "/v2/{name}/blobs/uploads/{session}"],
  [/\/blobs\/[^/]+$/, "/v2/{name}/blobs/{digest}"],
  [/\/tags\/list$/, "/v2/{name}/tags/list"],
  [/\/referrers\/[^/]+$/, "/v2/{name}/referrers/{digest}"],
  [/^\/v2\/_catalog$/, "/v2/_catalog"],
  [/^\/v2\/$/, "/v2/"],
  [/^\/token$/, "/token"],
  [/^\/\.well-known\//, "/.well-known/jwks.json"],
];

/**
 * @param target - path and query that an upstream is asked for
 * @returns its form, of which there are few; nothing of the query is in it
 */
export function targetTemplate(target: string): string {
  const [path = ""] = target.split("?", 1);
  return TEMPLATES.find(([form]) => form.test(path))?.[1] ?? "/api/{path}";
}
