import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createClient } from "../../../cli/src/api/client.js";
import { followEvents } from "../../../cli/src/api/follow-events.js";
import { listening } from "#tests/support/test-server.js";

const TIMES = { first: 1, longest: 5, silence: 2_000 };

let stop: () => Promise<void> = () => Promise.resolve();
afterEach(() => stop());

/** A gateway that answers one request after the other so, and from the last on always. */
async function gateway(
  ...answers: readonly ((res: ServerResponse, req: IncomingMessage) => void)[]
) {
  const asked: (string | null)[] = [];
  const server = await listening(
    createServer((req, res) => {
      asked.push(req.headers["last-event-id"]?.toString() ?? null);
      answers[Math.min(asked.length, answers.length) - 1]?.(res, req);
    }),
  );
  ({ stop } = server);
  return { url: server.url, asked };
}

async function followed(url: string, after: string | null = null, most = 2) {
  const ending = new AbortController();
  const said: string[] = [];
  const found: string[] = [];
  const client = () => Promise.resolve(createClient({ url, credentials: null, agent: "wharf/0" }));
  const asked = { target: "/api/v1/events", after, signal: ending.signal };
  const events = followEvents(client, { ...asked, say: (line) => said.push(line) }, TIMES);
  const outcome = await (async () => {
    for await (const { data } of events) if (found.push(data) >= most) return "enough";
    return "over";
  })().catch((error: unknown) => error);
  ending.abort();
  return { found, said, outcome };
}

const stream = (text: string, isOver: "ends" | "stalls" | "breaks") => (res: ServerResponse) => {
  res.writeHead(200, { "Content-Type": "text/event-stream" });
  res.write(text);
  if (isOver === "ends") res.end();
  if (isOver === "breaks") setImmediate(() => res.destroy());
};
const refusal = (status: number, code: string) => (res: ServerResponse) => {
  res.writeHead(status, { "Content-Type": "application/problem+json" });
  res.end(JSON.stringify({ status, code, detail: "no" }));
};
const ONE = "id: a\n\nid: b\ndata: 1\n\n: still here\nid: c\n\n";
const TWO = "id: d\ndata: 2\n\n";

describe("a stream of events that", () => {
  test.each(["ends", "stalls", "breaks"] as const)(
    "%s is gone on with where it was",
    async (how) => {
      const { url, asked } = await gateway(stream(ONE, how), stream(TWO, "stalls"));
      expect(await followed(url)).toMatchObject({ found: ["1", "2"], outcome: "enough" });
      expect(asked).toEqual([null, "c"]);
    },
  );

  test("cannot be had for a moment is asked for again, and that is said once", async () => {
    const away = refusal(503, "UNAVAILABLE");
    const { url, asked } = await gateway(stream(ONE, "ends"), away, away, stream(TWO, "stalls"));
    const { found, said } = await followed(url);
    expect([found, asked]).toEqual([
      ["1", "2"],
      [null, "c", "c", "c"],
    ]);
    expect(said).toEqual([expect.stringContaining("trying again")]);
  });

  test("cannot be had any more is given up after ten attempts", async () => {
    const { url, asked } = await gateway(stream(ONE, "ends"), refusal(503, "UNAVAILABLE"));
    expect(await followed(url)).toMatchObject({ outcome: { status: 503, exitCode: 1 } });
    expect(asked).toHaveLength(12);
  });

  test("may not be had any more is given up at once", async () => {
    const { url, asked } = await gateway(stream(ONE, "ends"), refusal(401, "UNAUTHORIZED"));
    expect(await followed(url)).toMatchObject({ outcome: { status: 401, exitCode: 4 } });
    expect(asked).toHaveLength(2);
  });

  test("never began is given up at once", async () => {
    const { url, asked } = await gateway(refusal(503, "UNAVAILABLE"));
    expect(await followed(url)).toMatchObject({ outcome: { status: 503 } });
    expect(asked).toHaveLength(1);
  });

  test("is of no place that the registry knows begins anew, and that is said", async () => {
    const { url, asked } = await gateway(refusal(400, "REQUEST_INVALID"), stream(TWO, "stalls"));
    const { found, said } = await followed(url, "old", 1);
    expect([found, asked]).toEqual([["2"], ["old", null]]);
    expect(said).toEqual([expect.stringContaining("something may be missing")]);
  });

  test("is none is told to be none", async () => {
    const { url } = await gateway((res) => res.end("<html>"));
    expect(await followed(url)).toMatchObject({
      outcome: { message: expect.stringContaining("is it a Wharfinger?") },
    });
  });
});
