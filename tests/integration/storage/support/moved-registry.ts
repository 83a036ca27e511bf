import { join } from "node:path";
import { startStock, type TestRegistry } from "#tests/support/registry.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

/** A stock registry that is started again on other folders, at the same address. */
export interface MovedRegistry {
  readonly url: string;
  /** @returns path of a folder by its name */
  folder(name: string): string;
  /** Ends it and starts it on a folder; what was there is there again. */
  restartOn(name: string): Promise<void>;
  /** Ends it; it can be started again. */
  end(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param file - its program
 * @param name - of the folder that it begins on
 * @returns it, listening
 */
export async function startMovedRegistry(file: string, name: string): Promise<MovedRegistry> {
  const folders: TemporaryFolder = await temporaryFolder();
  const folder = (one: string) => join(folders.path, one);
  const sections = { storage: { delete: { enabled: true } }, http: { relativeurls: true } };
  let running: TestRegistry | null = await startStock(file, sections, { storage: folder(name) });
  const { url } = running;
  const port = Number(new URL(url).port);
  const end = async () => {
    await running?.stop();
    running = null;
  };
  return {
    url,
    folder,
    end,
    restartOn: async (other) => {
      await end();
      running = await startStock(file, sections, { port, storage: folder(other) });
    },
    stop: async () => {
      await end();
      await folders.remove();
    },
  };
}
