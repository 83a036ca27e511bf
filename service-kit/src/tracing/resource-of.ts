import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
  type Resource,
} from "@opentelemetry/resources";

/**
 * @param service - name of the process
 * @returns what its spans say of where they are from; `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` are read by the
 *   library, and count for more
 */
export function resourceOf(service: string): Resource {
  const own = resourceFromAttributes({
    "service.namespace": "wharfinger",
    "service.name": service,
    // One for each process, also of several that share a host.
    "service.instance.id": randomUUID(),
    "host.name": hostname(),
  });
  return defaultResource()
    .merge(own)
    .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }));
}
