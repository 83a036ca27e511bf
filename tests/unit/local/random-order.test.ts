import { expect, test } from "@jest/globals";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

interface Order {
  readonly seed: number;
  readonly isForAll: boolean;
}

const path = join(REPOSITORY_ROOT, "deploy/local/testing/random-order.mjs");
const { orderFor, randomOrder } = (await import(pathToFileURL(path).href)) as {
  randomOrder: (setting?: string) => Order;
  orderFor: (order: Order, run: string) => string[];
};

test("without a seed the order of unit tests alone is random, and another each time", () => {
  const orders = Array.from({ length: 8 }, () => randomOrder());
  expect(orders.every(({ isForAll }) => !isForAll)).toBe(true);
  expect(new Set(orders.map(({ seed }) => seed)).size).toBeGreaterThan(1);
  expect(orderFor({ seed: 7, isForAll: false }, "unit")).toEqual(["--randomize", "--seed=7"]);
  expect(orderFor({ seed: 7, isForAll: false }, "usual")).toEqual([]);
});

test("a seed gives all tests the order that an earlier run had", () => {
  expect(randomOrder("4711")).toEqual({ seed: 4711, isForAll: true });
  expect(orderFor(randomOrder("4711"), "usual")).toEqual(["--randomize", "--seed=4711"]);
  expect(randomOrder("any").isForAll).toBe(true);
});

test.each(["-1", "1.5", "x", "2147483648", " 1"])("a seed %j is refused by name", (setting) => {
  expect(() => randomOrder(setting)).toThrow(/^SEED is/);
});
