import { createHash } from "node:crypto";
import { dummyPushes } from "#tests/support/dummy-manifests.js";
import { refusedWith, type Conversation } from "./conversation.js";
import type { Profile } from "./profile.js";

const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const EMPTY = "application/vnd.oci.empty.v1+json";

/** One client at one repository. */
export interface Place {
  readonly talk: Conversation;
  readonly profile: Profile;
  readonly repository: string;
}

/** What stands somewhere. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** @returns descriptor of the image that was pushed under the tag */
export async function pushImage(place: Place, tag: string, content: string): Promise<Descriptor> {
  const layer = await uploadBlob(
    place,
    "application/vnd.oci.image.layer.v1.tar",
    `layer ${content}`,
  );
  const config = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    config: { Labels: { content } },
  });
  return putManifest(place, tag, MANIFEST, {
    ...{ schemaVersion: 2, mediaType: MANIFEST },
    config: await uploadBlob(place, CONFIG, config),
    layers: [layer],
  });
}

/** Reads a manifest and everything that it names. */
export async function pullImage(place: Place, tag: string): Promise<void> {
  const { talk, repository } = place;
  const manifest = JSON.parse((await readManifest(place, tag)).body) as {
    config: Descriptor;
    layers: Descriptor[];
  };
  for (const { digest } of [manifest.config, ...manifest.layers])
    wanted(await talk.send({ method: "GET", path: `/v2/${repository}/blobs/${digest}` }), 200);
}

/** Pushes a list of images that stand already. */
export async function pushList(
  place: Place,
  tag: string,
  manifests: readonly Descriptor[],
): Promise<void> {
  await putManifest(place, tag, INDEX, { schemaVersion: 2, mediaType: INDEX, manifests });
}

/** Attaches something to an image: by `subject`, and by the tag of before where the registry does not know that. */
export async function attach(place: Place, subject: Descriptor, content: string): Promise<void> {
  const { talk, profile, repository } = place;
  const artifact = {
    ...{ schemaVersion: 2, mediaType: MANIFEST, artifactType: "example/report" },
    layers: [await uploadBlob(place, "example/report", content)],
    config: await uploadBlob(place, EMPTY, "{}"),
    subject,
  };
  const made = await putManifest(place, null, MANIFEST, artifact);
  const listed = await talk.send({
    ...{ method: "GET", path: `/v2/${repository}/referrers/sha256:${"0".repeat(64)}` },
  });
  if (listed.status === 200) return;
  const tag = subject.digest.replace(":", "-");
  const known = await talk.send({
    ...{ method: "GET", path: `/v2/${repository}/manifests/${tag}` },
    headers: { accept: profile.accept },
  });
  const { etag } = known.headers;
  const condition =
    profile.attaches === "if it matches" && etag !== undefined ? { "if-match": etag } : {};
  const before =
    known.status === 404
      ? []
      : (JSON.parse(wanted(known, 200).body) as { manifests: Descriptor[] }).manifests;
  const manifests = [...before, { ...made, artifactType: "example/report" }];
  const list = { mediaType: INDEX, schemaVersion: 2, manifests };
  await put(place, tag, INDEX, JSON.stringify(list), condition);
}

/** Deletes a tag, in the way of the client. */
export async function deleteTag(place: Place, tag: string): Promise<void> {
  const { talk, profile, repository } = place;
  const remove = (reference: string) =>
    talk.send({ method: "DELETE", path: `/v2/${repository}/manifests/${reference}` });
  if (profile.deletes === "by digest") {
    wanted(await remove((await readManifest(place, tag)).digest), 202);
    return;
  }
  if ((await remove(tag)).status === 202) return;
  const [dummy] = dummyPushes(tag);
  if (dummy === undefined) return;
  for (const blob of dummy.blobs) await uploadBlob(place, "", blob);
  await put(place, tag, dummy.mediaType, dummy.text);
  wanted(await remove(dummy.digest), 202);
}

async function readManifest({ talk, profile, repository }: Place, tag: string) {
  const path = `/v2/${repository}/manifests/${tag}`;
  const headers = { accept: profile.accept };
  return wanted(await talk.send({ method: "GET", path, headers }), 200);
}

async function uploadBlob(place: Place, mediaType: string, text: string): Promise<Descriptor> {
  const { talk, profile, repository } = place;
  const digest = digestOf(text);
  const descriptor = { mediaType, digest, size: Buffer.byteLength(text) };
  const known = await talk.send({ method: "HEAD", path: `/v2/${repository}/blobs/${digest}` });
  if (known.status === 200) return descriptor;
  const path = `/v2/${repository}/blobs/uploads/`;
  const started = wanted(await talk.send({ method: "POST", path }), 202);
  const headers = { "content-type": "application/octet-stream" };
  let { location } = started;
  if (profile.patches)
    ({ location } = wanted(
      await talk.send({ method: "PATCH", path: location, headers, body: text }),
      202,
    ));
  const end = new URL(location, "http://registry.invalid");
  end.searchParams.set("digest", digest);
  const put = { method: "PUT", path: `${end.pathname}${end.search}` };
  const body = profile.patches ? {} : { headers, body: text };
  wanted(await talk.send({ ...put, ...body }), 201);
  return descriptor;
}

async function putManifest(
  place: Place,
  tag: string | null,
  mediaType: string,
  manifest: object,
): Promise<Descriptor> {
  const text = JSON.stringify(manifest);
  const digest = digestOf(text);
  await put(place, tag ?? digest, mediaType, text);
  return { mediaType, digest, size: Buffer.byteLength(text) };
}

async function put(
  { talk, repository }: Place,
  reference: string,
  mediaType: string,
  body: string,
  condition: Record<string, string> = {},
): Promise<void> {
  const path = `/v2/${repository}/manifests/${reference}`;
  const headers = { "content-type": mediaType, ...condition };
  wanted(await talk.send({ method: "PUT", path, headers, body }), 201);
}

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** What of an answer a client goes on with. */
function wanted(
  { status, headers, body }: Awaited<ReturnType<Conversation["send"]>>,
  good: number,
): { body: string; location: string; digest: string } {
  const text = body.toString();
  if (status !== good) throw refusedWith(status, text);
  const url = new URL(headers.location ?? "/", "http://registry.invalid");
  const digest = headers["docker-content-digest"];
  return {
    body: text,
    location: `${url.pathname}${url.search}`,
    digest: typeof digest === "string" ? digest : "",
  };
}
