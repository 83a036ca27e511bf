import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  dummyPush,
  dummyPushes,
  emptyImages,
  PORTAINER,
  type DummyPush,
} from "#tests/support/dummy-manifests.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import { uploadBlob } from "./support/blobs.js";
import { image } from "./support/manifests.js";
import { plantManifest } from "./support/planted.js";
import { registryPrograms } from "./support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "./support/wharf.js";

const RULES = [
  { id: "kept", tags: ["kept-*"], effect: "mutable", deletable: false },
  { id: "moving", tags: ["*-SNAPSHOT", "sk"], effect: "mutable" },
] as const;
const REFUSED = {
  ...{ type: "repository", name: REPOSITORY, action: "delete" },
  reason: "images are never deleted",
};

describe.each(registryPrograms())(
  "a deletion that comes as a push, registry $version",
  (program) => {
    let wharf: Wharf;
    let closed: TestGateway;
    beforeAll(async () => {
      wharf = await startWharf(program.file, RULES);
      closed = await startGateway({
        registryUrl: wharf.registry.url,
        tokenServerUrl: wharf.authority.server.url,
        db: wharf.ledger.open(),
      });
    });
    afterAll(async () => {
      await closed.stop();
      await wharf.stop();
    });

    test.each(dummyPushes("sk").map(({ client }, n) => [client, n] as const))(
      "of %s is refused as the deletion is, before anything is stored",
      async (_client, n) => {
        const held = image(`held ${n}`);
        await wharf.push(held, "sk");
        const push = dummyPushes("sk")[n] as DummyPush;
        const answer = await offer(push, "sk", await mayNotDelete());
        const deletion = await withToken("DELETE", "sk", await mayNotDelete());
        expect([answer.status, errorOf(answer).code]).toEqual([403, "DENIED"]);
        expect(errorOf(answer).message).toBe(errorOf(deletion).message);
        expect(await wharf.describe("sk")).toMatchObject({ body: { digest: held.digest } });
        expect(await wharf.atRegistry(push.digest)).toBe(404);
        const [refusal] = (await wharf.audited("tag.refused")).slice(-1);
        expect(refusal).toMatchObject({ tag: "sk", digest: push.digest, reason: "tag-deletion" });
      },
    );

    test("is refused as well under a tag that a push by digest names", async () => {
      const held = image("held by digest");
      // One that is refused again has no entry of its own: no other test refuses the same.
      const tag = "digest-SNAPSHOT";
      await wharf.push(held, tag);
      const push = dummyPushes(tag)[0] as DummyPush;
      const answer = await offer(push, `${push.digest}?tag=${tag}`, await mayNotDelete());
      expect([answer.status, errorOf(answer).code]).toEqual([403, "DENIED"]);
      expect(await wharf.describe(tag)).toMatchObject({ body: { digest: held.digest } });
    });

    test("asks for a token that may delete, where the one that came does not say", async () => {
      await wharf.push(image("asked"), "asked-SNAPSHOT");
      const [push] = dummyPushes("asked-SNAPSHOT");
      const answer = await offer(push, "asked-SNAPSHOT", await bearer(["pull", "push"]));
      expect(answer.status).toBe(401);
      expect(answer.headers["www-authenticate"]).toMatch(
        `scope="repository:${REPOSITORY}:pull,push,delete",error="insufficient_scope"`,
      );
    });

    test("is refused by everybody's gateway that deletes nothing, and where a rule keeps the tag", async () => {
      await wharf.push(image("off"), "off-SNAPSHOT");
      await wharf.push(image("kept"), "kept-1");
      const all = await bearer(["pull", "push", "delete"]);
      const off = await offer(dummyPushes("off-SNAPSHOT")[0], "off-SNAPSHOT", all, closed);
      expect([off.status, errorOf(off).message]).toEqual([
        405,
        "deletion is off: images are kept as deployment evidence",
      ]);
      const kept = await offer(dummyPushes("kept-1")[0], "kept-1", all);
      expect([kept.status, errorOf(kept).message]).toEqual([
        403,
        'this tag is kept: by rule "kept"',
      ]);
    });

    test("is refused where the tag is virtual, and where nobody can read what it means", async () => {
      const all = await wharf.authority.bearer(["pull", "push", "delete"]);
      await wharf.push(image("latest"), "1-SNAPSHOT");
      const latest = await offer(dummyPushes("latest")[0], "latest", all);
      expect([latest.status, errorOf(latest).message]).toEqual([
        403,
        "latest is virtual: delete the tag that it means",
      ]);
      for (const tag of ["kept-odd", "odd-SNAPSHOT"])
        await plantManifest(wharf.registry, '{"schemaVersion":2,', { tag });
      const kept = await offer(dummyPushes("kept-odd")[0], "kept-odd", all);
      const odd = await offer(dummyPushes("odd-SNAPSHOT")[0], "odd-SNAPSHOT", all);
      expect([kept.status, odd.status]).toEqual([403, 201]);
      const denied = await offer(
        dummyPushes("odd-SNAPSHOT")[0],
        "odd-SNAPSHOT",
        await mayNotDelete(),
      );
      expect(denied.status).toBe(403);
    });

    test("passes where the tag may be deleted, and where there is nothing to delete", async () => {
      await wharf.push(image("may"), "may-SNAPSHOT");
      const all = await bearer(["pull", "push", "delete"]);
      const over = await offer(dummyPushes("may-SNAPSHOT")[0], "may-SNAPSHOT", all);
      const fresh = await offer(
        dummyPushes("new-SNAPSHOT")[3],
        "new-SNAPSHOT",
        await mayNotDelete(),
      );
      expect([over.status, fresh.status]).toEqual([201, 201]);
    });

    test("of Portainer is refused at its first step, and at the second", async () => {
      await wharf.push(image("victim"), "victim-SNAPSHOT");
      const first = await offer(
        PORTAINER,
        "__portainer_dummy_1764181812123456789",
        await mayNotDelete(),
      );
      expect(first.status).toBe(403);
      const harmless = await offer(PORTAINER, "victim-SNAPSHOT", await mayNotDelete());
      expect(harmless.status).toBe(201);
      await wharf.push(image("victim"), "victim-SNAPSHOT");
      const all = await bearer(["pull", "push", "delete"]);
      expect((await offer(PORTAINER, "__portainer_dummy_17", all)).status).toBe(201);
      const second = await offer(PORTAINER, "victim-SNAPSHOT", await mayNotDelete());
      expect(second.status).toBe(403);
    });

    test("is none: images of nothing replace each other, also by who may not delete", async () => {
      const pushes = [
        ...emptyImages("sk"),
        dummyPush("elsewhere", ...argumentsOf(dummyPushes("other")[0])),
      ];
      for (const push of pushes)
        expect([push.client, (await offer(push, "sk", await mayNotDelete())).status]).toEqual([
          push.client,
          201,
        ]);
    });

    test("is not told while the registry does not say what the configuration is", async () => {
      const away = await startGateway({
        registryUrl: "http://127.0.0.1:1",
        tokenServerUrl: wharf.authority.server.url,
        db: wharf.ledger.open(),
      });
      const [push] = dummyPushes("sk");
      const answer = await offer(push, "sk", await mayNotDelete(), away);
      await away.stop();
      expect([answer.status, errorOf(answer).message]).toEqual([
        503,
        "the registry cannot be asked for the configuration; push again",
      ]);
    });

    const bearer = (actions: Parameters<Wharf["authority"]["bearer"]>[0]) =>
      wharf.authority.bearer(actions);

    /** As the token server answers who asked to delete, too. */
    async function mayNotDelete(): Promise<string> {
      const access = [{ type: "repository", name: REPOSITORY, actions: ["pull", "push"] as const }];
      return `Bearer ${await wharf.authority.sign({ access, refused: [REFUSED] })}`;
    }

    async function offer(
      push: DummyPush | undefined,
      tag: string,
      token: string,
      gateway?: TestGateway,
    ): Promise<Answer> {
      for (const blob of push?.blobs ?? []) await uploadBlob(wharf.registry.url, Buffer.from(blob));
      return withToken("PUT", tag, token, push, gateway);
    }

    function withToken(
      method: string,
      tag: string,
      Authorization: string,
      push?: DummyPush,
      gateway: TestGateway = wharf.gateways[0],
    ): Promise<Answer> {
      const body = push === undefined ? {} : { body: push.text };
      const type = push === undefined ? {} : { "Content-Type": push.mediaType };
      const headers = { Authorization, ...type };
      return ask(gateway.url, `/v2/${REPOSITORY}/manifests/${tag}`, { method, headers, ...body });
    }
  },
);

function argumentsOf(push?: DummyPush): [string, string, ...string[]] {
  return [push?.mediaType ?? "", push?.text ?? "", ...(push?.blobs ?? [])];
}
