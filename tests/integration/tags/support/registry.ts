import { execFileSync } from "node:child_process";
import { startStock, type TestRegistry } from "#tests/support/registry.js";
import { testTools } from "#tests/support/tools.js";

/** @returns the stock registries to test with: the one that was found, and the one that `REGISTRY_BIN` names */
export function registryPrograms(): { version: string; file: string; deletesTags: boolean }[] {
  const { registry } = testTools();
  const files = [
    ...(registry.kind === "binary" ? [registry.file] : []),
    ...(process.env["REGISTRY_BIN"] === undefined ? [] : [process.env["REGISTRY_BIN"]]),
  ];
  return [...new Set(files)].map((file) => {
    const text = execFileSync(file, ["--version"], { encoding: "utf8" });
    const version = /v?(\d+\.\d+\.\d+)\S*\s*$/.exec(text)?.[1] ?? text.trim();
    return { version, file, deletesTags: !version.startsWith("2.") };
  });
}

/**
 * @param file - its program
 * @param notify - where it reports what happens, if anywhere
 * @param layerUrls - regular expression of URLs that layers may have; absent: the registry's default, none
 * @param looksForChildren - whether it looks for what an index names, as one of the line 3 does by default
 * @returns a registry of its own that lets anybody do anything, deletion included
 */
export function startDeletingRegistry(
  file: string,
  notify?: { readonly url: string; readonly secret: string },
  layerUrls?: string,
  looksForChildren = false,
): Promise<TestRegistry> {
  return startStock(file, {
    storage: { delete: { enabled: true }, maintenance: { uploadpurging: { enabled: false } } },
    http: { relativeurls: true },
    validation: {
      manifests: {
        ...(layerUrls === undefined ? {} : { urls: { allow: [layerUrls] } }),
        // As the rendered configuration has it; a registry 2.8 does not know it.
        ...(looksForChildren ? {} : { indexes: { platforms: "none" } }),
      },
    },
    ...(notify === undefined ? {} : { notifications: { endpoints: [endpointOf(notify)] } }),
  });
}

/** As the rendered configuration has it, with less patience. */
function endpointOf({ url, secret }: { readonly url: string; readonly secret: string }) {
  return {
    name: "gateway",
    url,
    headers: { Authorization: [`Bearer ${secret}`] },
    timeout: "2s",
    threshold: 3,
    backoff: "100ms",
    ignore: { mediatypes: ["application/octet-stream"] },
  };
}
