import { ANY_MANIFEST } from "#registry-protocol/any-manifest.js";
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import {
  isMarkerRepository,
  MARKER,
  markerId,
  markerStep,
  stepMarker,
  storageMarker,
} from "#registry-protocol/storage-marker.js";

const ID = randomUUID();
const STEP = { id: ID, number: 7, at: "2026-11-20T12:00:00.000Z", nonce: randomUUID() };
const changed = (content: Buffer, from: string, to: string) =>
  Buffer.from(content.toString().replace(from, to));

describe("a storage's marker", () => {
  test("says whose it is, and a step how far the storage has come", () => {
    expect(markerId(storageMarker(ID).content)).toBe(ID);
    expect(markerStep(stepMarker(STEP).content)).toEqual(STEP);
    expect(isMarkerRepository(MARKER.repository)).toBe(true);
    expect(isMarkerRepository("alpha/app")).toBe(false);
  });

  test.each([
    ["another manifest", Buffer.from("{}")],
    ["a step", stepMarker(STEP).content],
    ["a marker with other words", changed(storageMarker(ID).content, "identity", "Identity")],
    ["a marker with something after it", Buffer.concat([storageMarker(ID).content, Buffer.of(32)])],
    ["a marker without its id", changed(storageMarker(ID).content, ID, "x")],
  ])("is not %s", (_what, content) => {
    expect(markerId(content)).toBeNull();
  });

  test.each([
    ["the marker itself", storageMarker(ID).content],
    ["one with other words", changed(stepMarker(STEP).content, "has come", "came")],
    ["one without its id", changed(stepMarker(STEP).content, ID, "x")],
    ["one without its number", changed(stepMarker(STEP).content, '"7"', '"x"')],
    [
      "one with a number that is written otherwise",
      changed(stepMarker(STEP).content, '"7"', '"07"'),
    ],
    ["one without its time", changed(stepMarker(STEP).content, STEP.at, "x")],
    ["one without its nonce", changed(stepMarker(STEP).content, STEP.nonce, "x")],
  ])("no step is %s", (_what, content) => {
    expect(markerStep(content)).toBeNull();
  });
});

test("markers are byte for byte what gateways of before have written: another one would be another storage's", () => {
  const id = "00000000-0000-4000-8000-000000000001";
  const nonce = "00000000-0000-4000-8000-000000000002";
  expect(storageMarker(id).digest).toBe(
    "sha256:2b049fa8c1267de0e8239ca524706fa6ccaf21759858041d86d177ba260f3265",
  );
  expect(stepMarker({ ...STEP, id, nonce }).digest).toBe(
    "sha256:506bd73509a82d319a741a33cde44c2c684e75e6e98b7071c9732a364846ed48",
  );
});

test("a registry is asked for manifests of every kind as they are", () => {
  expect(ANY_MANIFEST.split(", ")).toEqual([
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "*/*",
  ]);
});
