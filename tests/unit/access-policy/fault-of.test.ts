import { expect, test } from "@jest/globals";
import { faultOf } from "#access-policy/fault-of.js";

test("what is wrong with a text is told, and any other error is passed on", () => {
  const fault = new RangeError("too long");
  const refusing = () => {
    throw fault;
  };
  expect(faultOf(RangeError, () => "read")).toBeNull();
  expect(faultOf(RangeError, refusing)).toBe("too long");
  expect(() => faultOf(SyntaxError, refusing)).toThrow(fault);
});
