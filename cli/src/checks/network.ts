import { lookup } from "node:dns/promises";
import { connect } from "node:tls";
import { bad, good, look, type Finding } from "./finding.js";

const DAY = 86_400_000;
const SOON_DAYS = 14;
const TIMEOUT_MILLISECONDS = 5_000;

/**
 * @param url - a gateway
 * @returns whether its name has addresses
 */
export async function checkName(url: string): Promise<Finding> {
  const { hostname } = new URL(url);
  try {
    const addresses = await lookup(hostname.replace(/^\[|\]$/g, ""), { all: true });
    return good("name", `${hostname} is ${addresses.map(({ address }) => address).join(", ")}`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "failed";
    return bad("name", `${hostname} has no address (${code})`, "mend DNS, or the URL");
  }
}

/**
 * @param url - a gateway
 * @param env - environment variables
 * @returns whether a proxy that the environment names is taken
 */
export function checkProxy(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
): Finding {
  const isSecure = url.startsWith("https:");
  const names = isSecure ? ["HTTPS_PROXY", "https_proxy"] : ["HTTP_PROXY", "http_proxy"];
  const name = names.find((one) => (env[one] ?? "") !== "");
  if (name === undefined) return good("proxy", "none is named");
  if (env["NODE_USE_ENV_PROXY"] === "1") return good("proxy", `${name} counts`);
  return look(
    "proxy",
    `${name} is set, and Node does not go by it`,
    "set NODE_USE_ENV_PROXY=1, where the proxy is needed",
  );
}

/**
 * @param url - a gateway
 * @returns whether its certificate is trusted, and for how long
 */
export async function checkCertificate(url: string): Promise<Finding> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol === "http:") {
    const isLocal = /^(?:localhost|127\.|\[::1\])/.test(hostname);
    return isLocal
      ? good("TLS", "none, on this machine")
      : bad(
          "TLS",
          "none: logins go over the network for all to read",
          "put TLS in front of the gateway, use https://",
        );
  }
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname,
      port: Number(port || 443),
      servername: hostname,
      timeout: TIMEOUT_MILLISECONDS,
    });
    const end = (finding: Finding) => {
      socket.destroy();
      resolve(finding);
    };
    socket.once("secureConnect", () => {
      const { valid_to: until } = socket.getPeerCertificate();
      const days = Math.floor((Date.parse(until) - Date.now()) / DAY);
      const found = `${socket.getProtocol() ?? ""}, the certificate is good for ${days} days`;
      end(days < SOON_DAYS ? look("TLS", found, "renew it") : good("TLS", found));
    });
    socket.once("timeout", () => {
      end(bad("TLS", "no handshake within 5 s", "look at firewalls and the load balancer"));
    });
    socket.once("error", (error: Error) => {
      end(bad("TLS", error.message, "a company's own authority is named by NODE_EXTRA_CA_CERTS"));
    });
  });
}
