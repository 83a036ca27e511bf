import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { bindFailure, portPicker } from "#local/processes/ports.js";

const MANY = 40;

async function several(picker: { next(): Promise<number> }, count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await picker.next());
  return ports;
}

describe("ports of the local stack", () => {
  test("are never given twice, though nobody listens on them yet: pickers that start together look in blocks of their own", async () => {
    const given = await Promise.all([1, 2, 3].map(async () => several(portPicker(), MANY)));
    expect(new Set(given.flat()).size).toBe(3 * MANY);
  });

  test("are not given twice by one picker that is asked for several at once", async () => {
    const picker = portPicker();
    const ports = await Promise.all(Array.from({ length: MANY }, async () => picker.next()));
    expect(new Set(ports).size).toBe(MANY);
  });

  test("leave out a port on which somebody listens", async () => {
    const picker = portPicker();
    const first = await picker.next();
    const taken = createServer().listen({ host: "127.0.0.1", port: first + 1 });
    await once(taken, "listening");
    expect(await bindFailure(first + 1)).toBe("EADDRINUSE");
    expect(await picker.next()).toBe(first + 2);
    taken.close();
    await once(taken, "close");
    expect(await bindFailure(first + 1)).toBeNull();
  });
});
