import fc from "fast-check";
import { IMAGE_TYPE, INDEX_TYPE } from "#tests/support/manifest-texts.js";

/** A manifest as somebody may write it who wants two readers to see two things. */
export interface TrickManifest {
  readonly contentType: string;
  readonly text: string;
}

/** Digests that a manifest may name. */
export interface KnownDigests {
  readonly standing: readonly string[];
  readonly missing: readonly string[];
}

const DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const KINDS = [IMAGE_TYPE, INDEX_TYPE, DOCKER_IMAGE, DOCKER_LIST] as const;
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const NON_DISTRIBUTABLE = "application/vnd.oci.image.layer.nondistributable.v1.tar";
const FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

const json = (value: unknown) => JSON.stringify(value);

/** Mostly what belongs there, and now and then what does not. */
function mostly<T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, share = 40): fc.Arbitrary<T> {
  return fc.oneof({ weight: share, arbitrary: usual }, { weight: 1, arbitrary: odd });
}

/** Now and then something, else nothing. */
function now<T>(something: fc.Arbitrary<T>, share: number): fc.Arbitrary<T | null> {
  return mostly<T | null>(fc.constant(null), something, share);
}

/** The same key to some readers. */
function spelled(name: string): fc.Arbitrary<string> {
  const swapped = (from: string, to: string) => json(name.replace(from, to));
  return fc.constantFrom(
    json(name.toUpperCase()),
    json(`${name.slice(0, 1).toUpperCase()}${name.slice(1)}`),
    swapped("s", "\u017f"),
    swapped("S", "\u017f"),
    swapped("k", "\u212a"),
    swapped("i", "\u0131"),
    swapped("a", "\u00e4"),
    `"\\u${(name.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}${name.slice(1)}"`,
    json(`${name} `),
    json(`${name}\u0000`),
  );
}

type Entry = readonly [key: string, value: fc.Arbitrary<string>];

/** An object of these entries, now and then with one of them spelled otherwise, given twice or left out. */
function object(entries: readonly Entry[]): fc.Arbitrary<string> {
  const written = entries.map(([name, value]) =>
    fc.tuple(
      mostly(fc.constant(json(name)), spelled(name), 40),
      value,
      mostly(fc.constant(true), fc.constant(false), 80),
    ),
  );
  const again = fc
    .constantFrom(...entries)
    .chain(([name, value]) => fc.tuple(fc.oneof(fc.constant(json(name)), spelled(name)), value));
  return fc.tuple(fc.tuple(...written), now(again, 16), fc.boolean()).map(([all, more, first]) => {
    const kept = all.filter(([, , isKept]) => isKept).map(([key, value]) => `${key}:${value}`);
    const extra = more === null ? [] : [`${more[0]}:${more[1]}`];
    return `{${(first ? [...extra, ...kept] : [...kept, ...extra]).join()}}`;
  });
}

function list(of: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.array(of, { maxLength: 3 }).map((texts) => `[${texts.join()}]`);
}

const ODD = fc.constantFrom("null", "[]", "{}", '""', "0", "7.0", "true", '"x"', "[null]", "[{}]");
const SIZES = fc.constantFrom("0", "2", "9007199254740991");
const ODD_SIZES = fc.constantFrom(
  ...["-1", "-0", "1.0", "1e3", "2e0", '"2"', "null", "9007199254740992", "9223372036854775807"],
  ...["9223372036854775808", "18446744073709551616", "[]", "true"],
);
const ANNOTATIONS = fc.constantFrom("{}", '{"a":"b"}', '{"a":"b","A":"c"}');
const ODD_ANNOTATIONS = fc.constantFrom(
  ...["null", '{"a":"b","a":"c"}', '{"a":1}', '{"a":null}', '{"a":"\\ud800"}', "[]", '{"":""}'],
);
const PLATFORMS = fc.constantFrom(
  '{"os":"linux","architecture":"amd64"}',
  "{}",
  '{"os":"unknown"}',
);
const ODD_PLATFORMS = fc.constantFrom(
  ...["null", '{"OS":"linux"}', '{"os":1}', '{"os.features":["a"]}', '{"os.features":"a"}', "7"],
);
const URLS = fc.constantFrom("[]", "null", '["https://a.example/x"]', '["ftp://x"]', '"x"', "[1]");
const DATA = fc.constantFrom('"e30="', '"e30"', '"!"', "null", "7");

function descriptor({ standing, missing }: KnownDigests, types: readonly string[]) {
  const digest = fc.constantFrom(...standing, ...missing).map(json);
  const odd = fc.constantFrom('"sha256:abc"', '""', "null", json(missing[0]?.toUpperCase()), "7");
  const none: Entry[] = [];
  const some = (entry: Entry) =>
    fc.oneof({ weight: 6, arbitrary: fc.constant(none) }, fc.constant([entry]));
  return fc
    .tuple(
      some(["annotations", mostly(ANNOTATIONS, ODD_ANNOTATIONS, 4)]),
      some(["platform", mostly(PLATFORMS, ODD_PLATFORMS, 4)]),
      fc.oneof(
        { weight: 20, arbitrary: fc.constant(none) },
        fc.constant<Entry[]>([["urls", URLS]]),
      ),
      fc.oneof(
        { weight: 40, arbitrary: fc.constant(none) },
        fc.constant<Entry[]>([["data", DATA]]),
      ),
    )
    .chain((more) =>
      object([
        ["mediaType", mostly(fc.constantFrom(...types).map(json), ODD)],
        ["digest", mostly(digest, odd)],
        ["size", mostly(SIZES, ODD_SIZES)],
        ...more.flat(),
      ]),
    );
}

/**
 * @param digests - what may be named
 * @returns manifests of all kinds, most of them proper, with the tricks that tell readers of JSON apart
 */
export function trickManifests(digests: KnownDigests): fc.Arbitrary<TrickManifest> {
  const config = descriptor(digests, [
    "application/vnd.oci.image.config.v1+json",
    NON_DISTRIBUTABLE,
  ]);
  const layer = descriptor(digests, [LAYER, LAYER, "x/y", NON_DISTRIBUTABLE, FOREIGN, IMAGE_TYPE]);
  const child = descriptor(digests, [IMAGE_TYPE, IMAGE_TYPE, INDEX_TYPE, "x/y", NON_DISTRIBUTABLE]);
  const parts = (kind: string): Entry[] =>
    kind === IMAGE_TYPE || kind === DOCKER_IMAGE
      ? [
          ["config", mostly(config, ODD)],
          ["layers", mostly(list(layer), ODD)],
        ]
      : [["manifests", mostly(list(child), ODD)]];
  const foreign: fc.Arbitrary<Entry> = fc.constantFrom<Entry>(
    ["manifests", list(child)],
    ["config", config],
    ["layers", list(layer)],
    ["blobs", list(layer)],
    ["subject", mostly(child, ODD)],
    ["artifactType", fc.constantFrom('"x/y"', "null", "7")],
    ["annotations", mostly(ANNOTATIONS, ODD_ANNOTATIONS)],
    ["more", fc.constantFrom('{"Layers":[]}', "1e999", `${"[".repeat(200)}${"]".repeat(200)}`)],
  );
  return fc.constantFrom(...KINDS).chain((kind) => {
    const said = mostly(
      fc.constant(json(kind)),
      fc.oneof(ODD, fc.constantFrom(...KINDS).map(json)),
    );
    const body = now(foreign, 4).chain((more) =>
      object([
        [
          "schemaVersion",
          mostly(fc.constant("2"), fc.constantFrom("1", "2.0", '"2"', "2e0", "null")),
        ],
        ["mediaType", said],
        ...parts(kind),
        ...(more === null ? [] : [more]),
      ]),
    );
    const type = mostly(
      fc.constant<string>(kind),
      fc.constantFrom(
        `${kind}; charset=utf-8`,
        kind.toUpperCase(),
        ` ${kind}`,
        `${kind};`,
        ...KINDS,
        "application/json",
      ),
    );
    const around = mostly<readonly string[]>(
      fc.constant(["", ""]),
      fc.constantFrom(["\ufeff", ""], ["", "x"], [" \n", "\t"], ["", "{}"]),
      40,
    );
    return fc.record({
      contentType: type,
      text: fc.tuple(around, body).map(([[a = "", b = ""], text]) => a + text + b),
    });
  });
}
