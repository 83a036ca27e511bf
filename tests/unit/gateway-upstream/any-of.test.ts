import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { anyOf } from "#gateway/upstream/any-of.js";
import type { MadeBody, MadeMethod, MadeRequest } from "#gateway/upstream/made-request.js";
import type { Send } from "#gateway/upstream/send.js";

const PAUSES = [1, 1];

const failing = (code: string) => Object.assign(new Error(code), { code });

/** Servers that answer with their name, or fail; and who was asked, in that order. */
function servers(outcomes: Readonly<Record<string, () => Promise<string>>>) {
  const asked: string[] = [];
  const sends = Object.entries(outcomes).map(([name, outcome]): Send => () => {
    asked.push(name);
    const answer = outcome().then((statusMessage) =>
      Object.assign(new IncomingMessage(new Socket()), { statusMessage }),
    );
    return { answer, cut: () => undefined };
  });
  const send = anyOf(sends, PAUSES);
  const ask = async (method: MadeMethod = "POST", body: MadeBody = { kind: "none" }) => {
    const made: MadeRequest = { method, target: "/token", headers: {}, body };
    return (await send(made).answer).statusMessage;
  };
  return { send, ask, asked };
}

const answers = (name: string) => () => Promise.resolve(name);
const fails = (code: string) => () => Promise.reject(failing(code));

describe("one of several servers", () => {
  test("is another one with each request", async () => {
    const { ask } = servers({ one: answers("one"), two: answers("two") });
    expect([await ask(), await ask(), await ask()]).toEqual(["one", "two", "one"]);
  });

  test.each(["ECONNREFUSED", "EHOSTUNREACH", "ENOTFOUND", "ERR_CONNECT_TIMEOUT"])(
    "takes over from one that took no connection, whatever is asked (%s)",
    async (code) => {
      const { ask } = servers({ one: fails(code), two: answers("two") });
      expect([await ask("POST"), await ask("GET"), await ask("DELETE")]).toEqual(
        Array.from({ length: 3 }, () => "two"),
      );
    },
  );

  test("takes over what changes nothing from one that closed the connection, and nothing else", async () => {
    const { ask, asked } = servers({ one: fails("ECONNRESET"), two: answers("two") });
    expect(await ask("GET")).toBe("two");
    expect(await ask("POST")).toBe("two");
    await expect(ask("POST")).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(asked).toEqual(["one", "two", "two", "one"]);
  });

  test("is asked again a moment later when nobody took a connection, and not for ever", async () => {
    let refused = 0;
    const comesBack = () => {
      refused += 1;
      return refused < 3 ? fails("ECONNREFUSED")() : answers("back")();
    };
    expect(await servers({ one: comesBack }).ask()).toBe("back");
    const gone = servers({ one: fails("ECONNREFUSED"), two: fails("ECONNREFUSED") });
    await expect(gone.ask()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(gone.asked).toEqual(["one", "two", "one", "two", "one", "two"]);
  });

  test("never gets a body that another one may have had a part of", async () => {
    const { ask } = servers({ one: fails("ECONNREFUSED"), two: answers("two") });
    const streamed = { kind: "streamed", length: 5 } as const;
    await expect(ask("POST", streamed)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("is not asked any more once nobody waits", async () => {
    const { send, asked } = servers({ one: fails("ECONNREFUSED"), two: fails("ECONNREFUSED") });
    const sending = send({ method: "GET", target: "/", headers: {}, body: { kind: "none" } });
    sending.cut(new Error("gone"));
    await expect(sending.answer).rejects.toThrow();
    expect(asked.length).toBeLessThan(2);
  });
});
