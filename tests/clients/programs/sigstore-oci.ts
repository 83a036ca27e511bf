import { join } from "node:path";
import { storeDockerLogin } from "../docker-login.js";
import type { Program } from "./program.js";

/** As GitHub's attest actions call it with `push-to-registry`. */
const ATTACH = `
const attach = async ([folder, imageName, imageDigest]) => {
  const oci = require(folder);
  const credentials = oci.getRegistryCredentials(imageName);
  const artifact = Buffer.from("{}");
  const mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
  await oci.attachArtifactToImage({ imageName, imageDigest, credentials, artifact, mediaType, fetchOpts: {} });
};
attach(process.argv.slice(1)).catch((error) => {
  console.error([error.message, error.cause?.message].join(": "));
  process.exitCode = 1;
});
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
