import { createServer } from "node:http";
import { envReader } from "#service-kit/config.js";
import { createLogger } from "#service-kit/log.js";
import { followIdentities } from "./identities.js";
import { identityRoutes } from "./identity-routes.js";

/** Stands in for the company's services of the same kind; only ever part of the local stack. */
const log = createLogger("identity-provider", "info");
const read = envReader(process.env);
const port = read.port("PORT", 0);
const file = read.text("IDENTITIES_FILE", "");
read.throwIfFaulty();

const identities = followIdentities(file, (reason) => {
  log.error({ event: "identities.refused", reason });
});
const routes = identityRoutes(identities);
const server = createServer((request, response) => {
  routes(request, response).catch((error: unknown) => {
    log.error({ event: "request.failed", err: error });
    response.destroy();
  });
});
const stop = () => {
  process.exit(0);
};
process.on("SIGINT", stop).on("SIGTERM", stop).on("disconnect", stop);
server.listen(port, "127.0.0.1", () => {
  log.info({ event: "process.started", address: server.address() });
});
