import type { EnvReader } from "#service-kit/config.js";
import { readUpstreamTokenNames } from "#service-kit/signing/token-names.js";
import { readBounds } from "./bounds.js";

/**
 * @param read - reader that collects faults
 * @returns where the registry is, what tokens for it say, and how long it may take
 */
export function readRegistry(read: EnvReader) {
  const upstream = readUpstreamTokenNames(read);
  return {
    registryUrl: read.url("REGISTRY_URL", "http://127.0.0.1:5000", "the stock registry", "origin"),
    registryProcesses: readProcesses(read),
    storageStepSeconds: read.integer(
      "STORAGE_STEP_SECONDS",
      600,
      { min: 1, max: 86_400 },
      "how often it is noted in the registry's storage at most how far that has come, while anything is pushed: an older " +
        "copy of it is known by that (docs/storage.md)",
    ),
    upstreamService: upstream.service,
    upstreamIssuer: upstream.issuer,
    bounds: readBounds(read),
  };
}

function readProcesses(read: EnvReader): readonly string[] {
  const urls = read.list("REGISTRY_PROCESSES", [], {
    meaning:
      "every process of the registry where they stand behind a load balancer: each is asked whether it has forgotten what a " +
      "garbage collection removed (docs/garbage-collection.md)",
    wanted: "URLs, split by commas",
    absent: "every address that the name in `REGISTRY_URL` has",
  });
  for (const url of urls)
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      read.fault(
        "REGISTRY_PROCESSES",
        `given ${JSON.stringify(url)}, wanted http:// or https:// URLs`,
      );
  return urls;
}
