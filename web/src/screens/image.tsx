import type { JSX } from "preact";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useLoad } from "../api/load.js";
import { Configuration } from "../parts/configuration.jsx";
import { Digest } from "../parts/copy.jsx";
import { shortDigest, sizeOf } from "../parts/figures.js";
import { Layers } from "../parts/layers.jsx";
import { Asked, Empty } from "../parts/states.jsx";
import { goWith, usePlace } from "../place.js";
import { Fact } from "../parts/fact.jsx";
import { T } from "../texts/texts.js";

type Inspected = Shown<"InspectedImage">;
type Part = Inspected["manifests"][number];

/** An image as a tag means it: its platforms, the layers and how they were made, and what it runs. */
export function Image({
  repository,
  digest,
}: {
  readonly repository: string;
  readonly digest: string;
}): JSX.Element {
  const { query } = usePlace();
  const [whole, again] = useInspected(repository, digest);
  return (
    <Asked loaded={whole} again={again}>
      {({ manifests, image }) => {
        const chosen = query.get("image") ?? image?.digest ?? "";
        return (
          <>
            <PlatformSwitch manifests={manifests} chosen={chosen} />
            {chosen === (image?.digest ?? "") ? (
              <Described image={image} />
            ) : (
              <Chosen repository={repository} digest={chosen} />
            )}
          </>
        );
      }}
    </Asked>
  );
}

/**
 * @param repository - where
 * @param digest - of an image or index
 * @returns what the registry says of it, and a way to ask once more
 */
export function useInspected(repository: string, digest: string) {
  return useLoad(`${repository}@${digest}`, () =>
    answerOf(
      api.GET("/repositories/{repository}/inspect", {
        params: { path: { repository }, query: { of: digest } },
      }),
    ),
  );
}

/** Which image of an index is shown; the address says so. */
export function PlatformSwitch({
  manifests,
  chosen,
  whole,
}: {
  readonly manifests: readonly Part[];
  readonly chosen: string;
  /** What the index itself is called, where it can be chosen. */
  readonly whole?: string;
}): JSX.Element | null {
  if (manifests.length === 0) return null;
  const nameOf = ({ digest, platform, attests, artifactType }: Part): string => {
    const about = manifests.find((other) => other.digest === attests);
    if (attests !== null) return T.attestationOf(about?.platform ?? shortDigest(attests));
    return platform ?? artifactType ?? shortDigest(digest);
  };
  return (
    <div class="filters">
      <label>
        {T.platform}
        <select
          value={chosen}
          onChange={({ currentTarget }) => {
            goWith({ image: currentTarget.value });
          }}
        >
          {whole !== undefined && <option value="">{whole}</option>}
          {manifests.map((one, index) => (
            <option key={index} value={one.digest}>
              {nameOf(one)}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Chosen({
  repository,
  digest,
}: {
  readonly repository: string;
  readonly digest: string;
}): JSX.Element {
  const [one, again] = useInspected(repository, digest);
  return (
    <Asked loaded={one} again={again}>
      {({ image }) => <Described image={image} />}
    </Asked>
  );
}

function Described({ image }: { readonly image: Inspected["image"] }): JSX.Element {
  if (image === null) return <Empty>{T.noImage}</Empty>;
  const { digest, size, artifactType, configuration } = image;
  return (
    <>
      <dl class="facts">
        <Fact name={T.digest}>
          <Digest digest={digest} />
        </Fact>
        <Fact name={T.size}>{sizeOf(size)}</Fact>
        {artifactType !== null && <Fact name={T.kind}>{artifactType}</Fact>}
      </dl>
      <Layers image={image} />
      {configuration === null ? (
        <p class="faint">{T.noConfiguration}</p>
      ) : (
        <Configuration configuration={configuration} />
      )}
    </>
  );
}
