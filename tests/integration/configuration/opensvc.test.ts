import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { volumesBelow } from "../../../deploy/compose/volumes.js";
import { readConfig as readGatewayConfig } from "#gateway/config/config.js";
import { portPicker } from "#local/processes/ports.js";
import { createService } from "#local/processes/service.js";
import { DIST, REPOSITORY_ROOT } from "#local/repository-root.js";
import { KNOWN_VARIABLES } from "#service-kit/known-variables.js";
import { readConfig as readTokenServerConfig } from "#token-server/config/config.js";
import { makeAuthority, makeLeaf } from "#tests/support/certificates.js";
import { ask } from "#tests/support/http-client.js";
import { opensvcReader, parseOpensvcTemplate } from "#tests/support/opensvc-template.js";
import { quietly } from "#tests/support/service-context.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { registryPrograms } from "../tags/support/registry.js";

const HOME = join(REPOSITORY_ROOT, "deploy/opensvc");
const TEMPLATE = parseOpensvcTemplate(readFileSync(join(HOME, "wharfinger.conf"), "utf8"));
const README = readFileSync(join(HOME, "README.md"), "utf8");
const of = opensvcReader(TEMPLATE, "wharf");
const words = (text: string) => text.split(/\s+/).filter((word) => word !== "");
const SECTIONS = [...TEMPLATE.keys()];
const containers = SECTIONS.filter((name) => /^(?:container|task)#/.test(name));

/** As OpenSVC's drivers document them, what a template of ours needs. */
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  DEFAULT: ["nodes", "orchestrate"],
  volume: [
    ...["name", "type", "size", "pool", "user", "group", "perm", "dirperm"],
    ...["directories", "configs", "secrets"],
  ],
  ip: ["type", "netns", "ipdev", "ipname", "netmask", "gateway"],
  container: [
    ...["type", "image", "hostname", "netns", "rm", "detach", "restart", "command", "run_args"],
    ...["environment", "volume_mounts", "start_timeout", "stop_timeout", "read_only"],
  ],
  task: [
    ...["type", "image", "netns", "rm", "environment", "volume_mounts"],
    ...["schedule", "run_requires"],
  ],
};

/** Volumes by their names: which folders there are in each. */
const VOLUMES = new Map(
  SECTIONS.filter((name) => name.startsWith("volume#")).map((section) => {
    const installed = words(`${of(section, "configs")} ${of(section, "secrets")}`);
    const folders = [
      ...words(of(section, "directories")),
      ...installed.map((one) => one.slice(one.indexOf(":/") + 2).replace(/\/$/, "")),
    ];
    return [of(section, "name"), folders];
  }),
);
/** Keys of the two objects, that the template wants. */
const keysOf = (keyword: string) =>
  SECTIONS.flatMap((section) => words(of(section, keyword))).map((one) =>
    one.slice(one.indexOf("/") + 1, one.indexOf(":")),
  );

describe("the template for OpenSVC", () => {
  test("has keywords that its agents know, and nothing that is not used", () => {
    for (const [section, keywords] of TEMPLATE) {
      if (section === "env") continue;
      const known = KEYWORDS[section.replace(/#.*/, "")] ?? [];
      expect([section, [...keywords.keys()].filter((one) => !known.includes(one))]).toEqual([
        section,
        [],
      ]);
    }
    const text = [...TEMPLATE.values()].flatMap((section) => [...section.values()]).join("\n");
    for (const name of TEMPLATE.get("env")?.keys() ?? []) expect(text).toContain(`{env.${name}}`);
  });

  test("names what is there: networks, volumes, folders in them", () => {
    for (const section of containers) {
      const network = of(section, "netns");
      if (section !== "container#0") expect([section, network]).toEqual([section, "container#0"]);
      for (const mount of words(of(section, "volume_mounts"))) {
        const [source = ""] = mount.split(":");
        const [volume = "", ...rest] = source.split("/");
        const folder = rest.join("/");
        const isThere = (VOLUMES.get(volume) ?? []).some(
          (one) => one === folder || one.startsWith(`${folder}/`),
        );
        expect([section, mount, isThere]).toEqual([section, mount, true]);
      }
    }
    expect(of("ip#0", "netns")).toBe("container#0");
  });

  test("wants of its two objects the files that are here, and the secrets that its README makes", () => {
    expect(keysOf("configs").sort()).toEqual(readdirSync(join(HOME, "files")).sort());
    for (const key of keysOf("secrets")) expect(README).toContain(`add --key ${key} `);
  });

  test("opens nothing but the gateway to others", () => {
    const listening = (section: string) => of(section, "environment");
    expect(of("container#1", "command")).toContain("listen_addresses=127.0.0.1");
    expect(listening("container#5")).toContain("REGISTRY_HTTP_ADDR=127.0.0.1:");
    expect(words(listening("container#6"))).toContain("HOST=127.0.0.1");
    expect(words(listening("container#7"))).toContain("METRICS_HOST=127.0.0.1");
  });

  test("has no secret in it", () => {
    for (const section of containers)
      for (const said of words(of(section, "environment")))
        expect(said).not.toMatch(/(?:PASSWORD|SECRET|TOKEN)=/);
  });
});

describe("what the template starts", () => {
  let folder: TemporaryFolder;
  let root: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
    root = join(folder.path, "wharfinger");
    for (const directory of ["config", "secrets", "state"]) mkdirSync(join(folder.path, directory));
    for (const name of readdirSync(join(HOME, "files")))
      copyFileSync(join(HOME, "files", name), join(folder.path, "config", name));
    // htpasswd -B of a password that nobody has.
    const hash = `$2y$10$abcdefghijklmnopqrstuv${"w".repeat(31)}`;
    writeFileSync(join(folder.path, "config/users"), `admin:${hash}\n`);
    const { certificate, key } = await makeLeaf(await makeAuthority(), ["registry.example.org"]);
    writeFileSync(join(folder.path, "secrets/certificate_chain"), certificate);
    writeFileSync(join(folder.path, "secrets/private_key"), key);
    for (const { gateway, tokenServer } of [volumesBelow(root).database])
      for (const directory of [gateway, tokenServer]) {
        mkdirSync(directory, { recursive: true });
        writeFileSync(join(directory, "password"), "made by the database program");
      }
  }, 60_000);
  afterAll(() => folder.remove());

  const setup = (line: string) => {
    const asked = opensvcReader(TEMPLATE, "wharf", { registry_line: line });
    const [variable = "", value = ""] = asked("container#3", "environment").split("=");
    const program = join(DIST, "deploy/compose/setup.js");
    execFileSync(process.execPath, [program, root], {
      env: { PATH: process.env["PATH"], [variable]: value },
    });
  };
  /** Where a container would find it, here. */
  const here = (text: string) =>
    text
      .replaceAll("/etc/wharfinger", root)
      .replaceAll("/var/lib/wharfinger", join(folder.path, "state"))
      .replaceAll(/(?<==)\/(config|secrets)\//g, `${folder.path}/$1/`);
  const environmentOf = (section: string) => {
    const pairs = words(of(section, "environment")).map((said) => said.split(/=(.*)/s));
    return Object.fromEntries(
      pairs.map(([name = "", value = ""]) => [name, here(`=${value}`).slice(1)]),
    );
  };

  test("is told what its programs read, and they take it", () => {
    setup("3.1.1");
    const environments = [environmentOf("container#6"), environmentOf("container#7")];
    for (const environment of environments)
      expect(Object.keys(environment).filter((name) => !KNOWN_VARIABLES.includes(name))).toEqual(
        [],
      );
    const [tokenServer = {}, gateway = {}] = environments;
    expect(readTokenServerConfig(tokenServer)).toMatchObject({ host: "127.0.0.1" });
    expect(readGatewayConfig(gateway)).toMatchObject({ port: 443, keepInUseDays: 0 });
    expect(() => readGatewayConfig({ ...gateway, TAG_POLICY_FILE: "/nowhere" })).toThrow(
      "TAG_POLICY_FILE",
    );
  });

  test("knows the same registry on both sides: name, notifications, tokens", () => {
    setup("3.1.1");
    const [tokenServer, gateway] = [environmentOf("container#6"), environmentOf("container#7")];
    expect(gateway["TOKEN_SERVICE"]).toBe(tokenServer["TOKEN_SERVICE"]);
    const written = readFileSync(join(root, "registry/registry.yml"), "utf8");
    expect(written).toContain("http://gateway:8082/");
    expect(of("container#0", "run_args")).toBe("--add-host gateway:127.0.0.1");
    const address = words(of("container#5", "environment"))[0]?.split("=")[1] ?? "";
    expect(gateway["REGISTRY_URL"]).toBe(`http://${address}`);
  });

  test.each(registryPrograms())(
    "has a configuration with which the stock registry $version starts",
    async ({ file, version }) => {
      setup(version);
      const port = await portPicker().next();
      const url = `http://127.0.0.1:${port}`;
      const [variable = ""] = of("container#5", "environment").split("=");
      const service = createService(
        {
          name: "registry",
          command: {
            file,
            args: ["serve", here(of("container#5", "command"))],
            env: {
              [variable]: `127.0.0.1:${port}`,
              REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: join(folder.path, "blobs"),
              OTEL_TRACES_EXPORTER: "none",
            },
          },
          logFile: join(dirname(root), "registry.log"),
          ipc: false,
          deathSignal: "SIGKILL",
          stopSignals: [["SIGTERM", 2_000]],
          readyWithinMs: 20_000,
          isReady: async () => (await fetch(`${url}/v2/`)).status === 401,
        },
        quietly(),
      );
      await service.start();
      expect((await ask(url, "/v2/")).status).toBe(401);
      await service.stop();
    },
  );
});
