import { describe, expect, test } from "@jest/globals";
import pg from "pg";
import { isUnavailable } from "#registry-protocol/faults.js";
import { asFault, isLost, isStale, unusableTold } from "#service-kit/db/errors.js";

function serverError(code: string): pg.DatabaseError {
  const error = new pg.DatabaseError(`error ${code}`, 0, "error");
  error.code = code;
  return error;
}

describe("what the database says of a statement", () => {
  test.each([
    new TypeError("Converting circular structure to JSON"),
    new RangeError("out of range"),
    new SyntaxError("Unexpected token"),
    new Error("Query values must be an array"),
    new Error("Prepared statements must be unique - 'tell' was used for a different statement"),
  ])("is no outage when the driver cannot make it: %s", (error) => {
    const mistake = asFault(error);
    expect(isUnavailable(mistake)).toBe(false);
    expect(mistake).toMatchObject({ name: "MistakenStatement", cause: error });
    expect(isLost(mistake)).toBe(true);
  });

  test.each([
    new Error("Connection terminated unexpectedly"),
    new Error("Query read timeout"),
    Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }),
    new AggregateError([new Error("connect ECONNREFUSED")]),
    "nonsense",
  ])("is an outage when the connection is lost: %s", (error) => {
    expect(isUnavailable(asFault(error))).toBe(true);
  });

  test.each([
    ["0A000", "RevalidateCachedQuery"],
    ["26000", "FetchPreparedStatement"],
    ["42P05", "StorePreparedStatement"],
  ])("can be made anew where it was prepared before something changed: %s", (code, routine) => {
    const fault = asFault(Object.assign(serverError(code), { routine }));
    expect(isUnavailable(fault)).toBe(true);
    expect([isStale(fault), isLost(fault)]).toEqual([true, true]);
  });

  test.each(["22021", "23505", "23514", "42601", "P0001", "0A000", "21000"])(
    "is passed on as it is when the statement is wrong by itself: %s",
    (code) => {
      const error = serverError(code);
      expect(asFault(error)).toBe(error);
    },
  );

  test.each([
    ...["08006", "25006", "28P01", "3D000", "40001", "53300", "55P03", "57014", "57P01", "58030"],
    ...["42P01", "42703", "42501", "3F000", "42883", "25P02", "26000", "54000", "XX001", ""],
  ])("leaves open what would have become of it otherwise: %s", (code) => {
    const error = serverError(code);
    const fault = asFault(error);
    expect(isUnavailable(fault) && fault.cause).toBe(error);
  });
});

describe("a database that answers, but cannot be used", () => {
  const outcomes = async (...errors: readonly Error[]): Promise<unknown[]> => {
    const lines: unknown[] = [];
    const told = unusableTold({ error: (line: unknown) => lines.push(line) } as never);
    for (const error of errors)
      await expect(told(Promise.reject(asFault(error) as Error))).rejects.toBeDefined();
    return lines;
  };

  test("is told of loudly, once for what lasts", async () => {
    const lines = await outcomes(serverError("42P01"), serverError("42P01"), serverError("42501"));
    expect(lines).toMatchObject([
      { event: "database.unusable", err: { code: "42P01" } },
      { event: "database.unusable", err: { code: "42501" } },
    ]);
  });

  test("is not meant by a mistake of ours, which is told of as such", async () => {
    const lines = await outcomes(new TypeError("first"), new TypeError("first"));
    expect(lines).toMatchObject([{ event: "database.mistake", err: { name: "TypeError" } }]);
  });

  test("is not meant where it is away, restarts, or refuses the statement itself", async () => {
    const passing = ["08006", "25006", "40001", "57P01", "23505"].map(serverError);
    expect(await outcomes(new Error("connect ECONNREFUSED"), ...passing)).toEqual([]);
  });
});
