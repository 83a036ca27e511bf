import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { startDockerEngine } from "#tests/support/docker-engine.js";
import { blobsIn, makeImage, type OciLayout } from "#tests/support/oci-layout.js";
import { askAs, uploadBlob } from "#tests/support/s3/blobs.js";
import { startS3, type S3Server } from "#tests/support/s3/rados-gateway.js";
import {
  startRegistryOnS3,
  startStackOnS3,
  type StackOnS3,
} from "#tests/support/s3/stack-on-s3.js";
import { scenario } from "#tests/support/scenario.js";
import { skopeo, type Skopeo } from "#tests/support/skopeo.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

// Started before the tests are listed, because whether they run depends on them.
const MODES = [
  { redirect: true, bucket: "with-redirects" },
  { redirect: false, bucket: "without-redirects" },
] as const;
const [found, engine] = await Promise.all([
  startS3(MODES.map(({ bucket }) => bucket)),
  startDockerEngine(),
]);
if (typeof found === "string") console.warn(`SKIPPED: tests with S3: ${found}`);
if (typeof engine === "string") console.warn(`SKIPPED: tests with a Docker Engine: ${engine}`);
const describeWithS3 = typeof found === "string" ? describe.skip : describe;

/** More than a part of a multipart upload, which has 10 MiB. */
const LARGE_LAYER = 21 * 1024 * 1024;
const TOKEN = "alice-token";
/** What stands for a user or the gateway, and is no affair of S3's. */
const CREDENTIALS = [TOKEN, Buffer.from(`oauth2:${TOKEN}`).toString("base64"), "Bearer ", "Basic "];

let s3: S3Server;
let folder: TemporaryFolder;

beforeAll(async () => {
  if (typeof found !== "string") s3 = found;
  folder = await temporaryFolder();
});
afterAll(async () => {
  if (typeof found !== "string") await found.stop();
  if (typeof engine !== "string") await engine.stop();
  await folder.remove();
});

describeWithS3.each(MODES)(
  `a bucket behind registry ${testTools().registry.version}, $bucket`,
  ({ redirect, bucket }) => {
    const part = scenario();
    let on: StackOnS3;
    let client: Skopeo;
    let image: OciLayout;

    beforeAll(async () => {
      on = await startStackOnS3(s3, { bucket, redirect });
      client = skopeo(on.stack.url, TOKEN);
      image = await makeImage(join(folder.path, bucket), [LARGE_LAYER, 64]);
      expect(await client.push(image, "alpha/app:1.2")).toMatchObject({ ok: true });
    });
    afterAll(() => on.stop());

    /** Everything that it pulls is what was pushed. */
    async function expectWhole(pushed: OciLayout, name: string): Promise<void> {
      const pulled = await temporaryFolder();
      expect(await client.pull(name, pulled.path)).toMatchObject({ ok: true });
      expect((await blobsIn(pulled.path)).sort()).toEqual([pushed.digest, ...pushed.blobs].sort());
      await pulled.remove();
    }

    const asker = () => ({ url: on.stack.url, accessToken: TOKEN });
    const askForBlob = (digest: string, init: RequestInit) =>
      askAs(asker(), "repository:alpha/app:pull", `alpha/app/blobs/${digest}`, init);

    part(
      "gives back with skopeo what was pushed, and has it under the keys of the stock registry",
      async () => {
        await expectWhole(image, "alpha/app:1.2");
        const [, layer = ""] = image.blobs;
        const hex = layer.slice("sha256:".length);
        expect(await s3.keysOf(bucket)).toContain(
          `docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`,
        );
      },
    );

    part(
      "takes a push of a Docker Engine and gives it back",
      async () => {
        if (typeof engine === "string") return;
        const { host } = new URL(on.stack.url);
        const name = `${host}/alpha/docker:1.0`;
        expect((await engine.login(host, `oauth2:${TOKEN}`)).output).toContain("Login Succeeded");
        expect(await engine.build(name, bucket)).toMatchObject({ ok: true });
        expect(await engine.docker("push", name)).toMatchObject({ ok: true });
        await engine.docker("rmi", name);
        expect((await engine.docker("pull", name)).output).toContain("Downloaded newer image");
      },
      typeof engine === "string",
    );

    part("tells how large a blob is, and gives a part of it", async () => {
      const [, layer = ""] = image.blobs;
      const head = await askForBlob(layer, { method: "HEAD" });
      expect([head.status, head.headers.get("content-length")]).toEqual([200, String(LARGE_LAYER)]);
      const part = await askForBlob(layer, { headers: { Range: "bytes=1000-1099" } });
      expect([part.status, part.headers.get("content-range")]).toEqual([
        206,
        `bytes 1000-1099/${LARGE_LAYER}`,
      ]);
      const file = join(image.path, "blobs", "sha256", layer.slice("sha256:".length));
      const whole = await readFile(file);
      expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(1000, 1100))).toBe(true);
      const [head0, part0] = [head, part].map(({ url }) => new URL(url).host);
      const place = new URL(redirect ? on.relay.url : on.stack.url).host;
      expect([head0, part0]).toEqual([place, place]);
    });

    part("lists every tag and repository, also those whose names begin like others'", async () => {
      for (const name of [
        "alpha/app:1.20",
        "alpha/app:1.2-rc",
        "alpha/app-more:1",
        "alpha/app/sub:1",
      ])
        expect(await client.push(image, name)).toMatchObject({ ok: true });
      // Registries of 3.1.0 and 3.1.1 leave 1.20 out of their list: lists are the ledger's after a pass.
      const { ok, output } = await on.command("discover", "--all");
      expect({ ok, output }).toEqual({ ok: true, output: expect.stringMatching(/^errors +0$/m) });
      const { stdout } = await client.listTags("alpha/app");
      expect((JSON.parse(stdout) as { Tags: string[] }).Tags).toEqual(["1.2", "1.2-rc", "1.20"]);
      const names = await (await askAs(asker(), "registry:catalog:*", "_catalog?n=3")).json();
      expect(names).toEqual({ repositories: ["alpha/app", "alpha/app/sub", "alpha/app-more"] });
      await expectWhole(image, "alpha/app:1.20");
    });

    part(
      "is compared with the ledger: what was written past the gateways is found and put back",
      async () => {
        const beside = await startRegistryOnS3(s3, bucket);
        const foreign = await makeImage(join(folder.path, `${bucket}-foreign`));
        const anybody = skopeo(beside.url, null);
        for (const name of [
          "alpha/app:1.20",
          "alpha/app:found",
          "alpha/app:found1",
          "alpha/app:found12",
        ])
          expect(await anybody.push(foreign, name)).toMatchObject({ ok: true });
        await beside.stop();
        // Of registries 3.1.0 and 3.1.1 no list names what begins with "found".
        const told = await on.command("discover", "--hidden");
        expect({ ok: told.ok, output: told.output }).toMatchObject({ ok: false });
        expect(told.output).toMatch(/^adopted +3$/m);
        expect(told.output).toContain(`! alpha/app:1.20 is ${foreign.digest} at the registry`);
        await expectWhole(image, "alpha/app:1.20");
        const repaired = await on.command("discover", "--repair");
        expect(repaired.output).toMatch(/^repaired +1$/m);
        expect(await on.command("discover", "--dry-run")).toMatchObject({ ok: true });
        await expectWhole(foreign, "alpha/app:found");
      },
    );

    part(
      "is freed of what no manifest needs while all else stays, and takes the same again",
      async () => {
        const left = await makeImage(join(folder.path, `${bucket}-left`), [64]);
        const [, layer = ""] = left.blobs;
        expect(await uploadBlob(asker(), "alpha/app", left, layer)).toBe(201);
        expect((await askForBlob(layer, { method: "HEAD" })).status).toBe(200);
        const { ok, output } = await on.command("collect-garbage", "--drain", "0");
        expect({ ok, output }).toMatchObject({ ok: true });
        expect(output).toMatch(
          /\n1 blobs freed in .*\nthe registry was restarted.*\nthe canary is gone/,
        );
        expect((await askForBlob(layer, { method: "HEAD" })).status).toBe(404);
        expect(await client.push(left, "alpha/left:1.0")).toMatchObject({ ok: true });
        await expectWhole(left, "alpha/left:1.0");
        await expectWhole(image, "alpha/app:1.2");
      },
    );

    // The last one: it looks at everything that the others have caused.
    part("never sees a credential of a client or of the gateway", () => {
      const { visits } = on.relay;
      const unsigned = visits.filter(
        ({ authorization }) => authorization?.startsWith("AWS4-HMAC-SHA256 ") !== true,
      );
      const told = visits.flatMap(({ target, headers }) => [target, ...headers]);
      expect(visits.length).toBeGreaterThan(100);
      expect(told.filter((text) => CREDENTIALS.some((one) => text.includes(one)))).toEqual([]);
      // Clients come with what the registry has signed for them, and with nothing else.
      expect(unsigned.filter(({ target }) => !target.includes("X-Amz-Signature="))).toEqual([]);
      expect(unsigned.filter(({ authorization }) => authorization !== null)).toEqual([]);
      const agents = new Set(unsigned.map(({ userAgent }) => userAgent.split("/")[0]));
      expect(agents.has("skopeo")).toBe(redirect);
      if (typeof engine !== "string") expect(agents.has("docker")).toBe(redirect);
    });
  },
);
