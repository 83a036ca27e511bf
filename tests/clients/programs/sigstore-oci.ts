import { join } from "node:path";
import { storeDockerLogin } from "../docker-login.js";
import type { Program } from "./program.js";

/** As GitHub's attest actions call it with `push-to-registry`. */
const ATTACH = `
const [folder, imageName, imageDigest] = process.argv.slice(1);
const oci = require(folder);
oci.attachArtifactToImage({
  imageName, imageDigest, credentials: oci.getRegistryCredentials(imageName), fetchOpts: {},
  artifact: Buffer.from("{}"), mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
}).catch((error) => { console.error(error.message + ": " + error.cause?.message); process.exitCode = 1; });
`;

/**
 * @param folder - where the package is, as `npm install` puts it
 * @returns @sigstore/oci, which reads docker's store
 */
export function sigstoreOci(folder: string): Program {
  return {
    name: "@sigstore/oci (GitHub's attest actions)",
    tool: { file: process.execPath, env: {} },
    version: ["-p", `require(${JSON.stringify(`${folder}/package.json`)}).version`],
    prepare: (at) => storeDockerLogin(at.target, join(at.folder, "home/.docker/config.json")),
    jobs: (at) => ({
      attach: [["-e", ATTACH, folder, `${at.target.host}/${at.repository}`, at.image.digest]],
    }),
  };
}
