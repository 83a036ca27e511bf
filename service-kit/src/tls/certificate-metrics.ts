import { Gauge, type Registry } from "prom-client";

/**
 * @param registry - where `tls_certificate_seconds_left` is shown
 * @param endsAt - when the certificate that is served ends, in seconds since the epoch; `null`: there is none yet
 * @param now - clock, in milliseconds
 */
export function showCertificateEnd(
  registry: Registry,
  endsAt: () => number | null,
  now: () => number,
): void {
  new Gauge({
    name: "tls_certificate_seconds_left",
    help: "Until the certificate that clients see ends; below 0: since it has",
    aggregator: "min",
    registers: [registry],
    collect() {
      const end = endsAt();
      // Without one nobody is served: as bad as one that ends now.
      this.set(end === null ? 0 : Math.floor(end - now() / 1000));
    },
  });
}
