import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What the metadata service of an EC2 instance says about it. */
export const INSTANCE = {
  accountId: "123456789012",
  architecture: "x86_64",
  availabilityZone: "eu-west-1a",
  billingProducts: null,
  imageId: "ami-0abcdef1234567890",
  instanceId: "i-0123456789abcdef0",
  instanceType: "m5.large",
  kernelId: null,
  pendingTime: "2026-11-20T10:00:00Z",
  privateIp: "10.0.0.1",
  region: "eu-west-1",
  version: "2017-09-30",
};

/** Somebody with a key and a self-signed certificate. */
export interface Signer {
  readonly keyFile: string;
  readonly certificateFile: string;
}

/** How a document is signed. */
export interface SignOptions {
  readonly content?: object | string;
  /** Further arguments of `openssl cms -sign`. */
  readonly args?: readonly string[];
}

/** Makes signers and documents in a folder, by openssl. */
export interface DocumentMaker {
  rsaSigner(name: string): Promise<Signer>;
  dsaSigner(name: string): Promise<Signer>;
  /** @returns the signed document as the metadata service gives it: base64 of BER of indefinite length */
  sign(signers: readonly Signer[], options?: SignOptions): Promise<string>;
}

/** As AWS does it: content inside, BER of indefinite length. */
export const AS_AWS = ["-nodetach", "-stream"];

/**
 * @param folder - where its files go
 * @returns the maker
 */
export function documentMaker(folder: string): DocumentMaker {
  const openssl = async (...args: string[]) => {
    await run("openssl", args, { cwd: folder });
  };
  const selfSign = async (name: string): Promise<Signer> => {
    const signer = { keyFile: `${name}.key`, certificateFile: join(folder, `${name}.crt`) };
    const subject = ["-subj", `/C=US/O=Amazon Web Services LLC/CN=${name}`];
    await openssl("req", "-x509", "-new", "-key", signer.keyFile, "-sha256", ...subject, "-days", "3650", "-out", signer.certificateFile); // prettier-ignore
    return signer;
  };
  return {
    rsaSigner: async (name) => {
      await openssl("genrsa", "-out", `${name}.key`, "2048");
      return selfSign(name);
    },
    dsaSigner: async (name) => {
      await openssl("dsaparam", "-genkey", "-out", `${name}.key`, "1024");
      return selfSign(name);
    },
    sign: async (signers, { content = INSTANCE, args = AS_AWS } = {}) => {
      const text = typeof content === "string" ? content : JSON.stringify(content, null, 2);
      await writeFile(join(folder, "content"), text);
      const by = signers.flatMap(({ certificateFile, keyFile }) => [
        ...["-signer", certificateFile],
        ...["-inkey", keyFile],
      ]);
      await openssl("cms", "-sign", "-binary", "-in", "content", "-out", "signed", "-outform", "DER", ...by, ...args); // prettier-ignore
      return wrap((await readFile(join(folder, "signed"))).toString("base64"));
    },
  };
}

/** The metadata service breaks its lines after 64 characters. */
function wrap(base64: string): string {
  return base64.replace(/.{64}/g, "$&\n");
}
