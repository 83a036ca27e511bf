import { digestOf } from "#tests/support/registry-client.js";
import { openLedgerOf } from "#tests/support/running-gateway.js";
import type { Scene } from "../support/scene.js";
import { GATEWAY, type Topic } from "../support/topic.js";

const REPOSITORY = "alpha/referred";
const TAG = "base";
const TYPE = "application/vnd.oci.image.manifest.v1+json";
const REFERRERS = 1_000;
const CONNECTIONS = 4;

/** @returns all referrers of a subject that has a thousand, beside a GET of the subject */
export async function referrerTopics(scene: Scene): Promise<Topic[]> {
  const { client, urls, isQuick } = scene;
  await client.push(REPOSITORY, TAG, "referred");
  const subject = digestOf((await client.manifest(REPOSITORY, TAG)).text);
  await writeReferrers(scene, subject);
  const bearer = async () => `Bearer ${await client.token(`repository:${REPOSITORY}:pull`)}`;
  const side = (name: string, path: string) => ({
    name,
    run: async () =>
      scene.wrk({
        url: `${urls.gateway}/v2/${REPOSITORY}/${path}`,
        headers: { Accept: TYPE, Authorization: await bearer() },
        connections: CONNECTIONS,
        seconds: isQuick ? 1 : 2,
      }),
  });
  return [
    {
      name: "referrers",
      title: `referrers of a subject with ${REFERRERS}, ${CONNECTIONS} connections`,
      unit: "/s",
      sides: [side(GATEWAY, `referrers/${subject}`), side("manifest GET", `manifests/${subject}`)],
      targets: [],
    },
  ];
}

/** As pushes of them would have stored them; what lists them is written by the ledger's own triggers. */
async function writeReferrers({ stack }: Scene, subject: string): Promise<void> {
  const ledger = await openLedgerOf(stack);
  try {
    await ledger.query(
      `with made as (
         select convert_to(json_build_object('schemaVersion', 2, 'mediaType', $2::text, 'artifactType', 'application/vnd.example.sbom',
           'annotations', json_build_object('number', number::text))::text, 'UTF8') as content
         from generate_series(1, $3::int) as number
       )
       insert into ledger.manifest (repository, digest, media_type, content, parsed_at)
       select $1, 'sha256:' || encode(sha256(content), 'hex'), $2, content, now() from made`,
      [REPOSITORY, TYPE, REFERRERS],
    );
    await ledger.query(
      `insert into ledger.manifest_link (repository, digest, subject)
       select repository, digest, ledger.digest_bytes($2) from ledger.manifest
       where repository = $1 and digest <> $2 on conflict do nothing`,
      [REPOSITORY, subject],
    );
  } finally {
    await ledger.close();
  }
}
