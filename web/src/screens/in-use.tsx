import type { JSX } from "preact";
import { answerOf, api, type Shown } from "../api/ask.js";
import { usePages, type Pages } from "../api/load.js";
import { fieldsOf } from "../parts/fields.js";
import { Rest } from "../parts/states.jsx";
import { Table } from "../parts/table.jsx";
import { Time } from "../parts/time.jsx";
import { goWith, href, repositoryPlace, tagPlace, usePlace } from "../place.js";
import { T } from "../texts/texts.js";

const ON_PAGE = 50;
const DIGEST = "(sha256|sha384|sha512):[0-9a-f]{64,128}";
type Usage = Shown<"Usage">;

/** Who uses an image, in all repositories; for administrators. */
export function InUse(): JSX.Element {
  const { query } = usePlace();
  const digest = query.get("digest") ?? "";
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    goWith({ digest: fieldsOf(event).text("digest") });
  };
  return (
    <>
      <h1 tabIndex={-1}>{T.inUse}</h1>
      <p>{T.inUseIntro}</p>
      <form class="filters" onSubmit={submit}>
        <label class="wide">
          {T.inUseOf}
          <input name="digest" key={digest} defaultValue={digest} required pattern={DIGEST} />
        </label>
        <button type="submit" class="primary">
          {T.ask}
        </button>
      </form>
      {digest !== "" && <Everywhere digest={digest} />}
    </>
  );
}

function Everywhere({ digest }: { readonly digest: string }): JSX.Element {
  const pages = usePages(digest, (cursor) =>
    answerOf(
      api.GET("/in-use", {
        params: {
          query: { digest, limit: ON_PAGE, ...(cursor === undefined ? {} : { cursor }) },
        },
      }),
    ),
  );
  return <Usages pages={pages} withImages />;
}

/** Who uses what a tag means; for whoever may push there. */
export function UsesOfTag({
  repository,
  tag,
}: {
  readonly repository: string;
  readonly tag: string;
}): JSX.Element {
  const pages = usePages(`${repository}:${tag}`, (cursor) =>
    answerOf(
      api.GET("/repositories/{repository}/in-use", {
        params: {
          path: { repository },
          query: { of: tag, limit: ON_PAGE, ...(cursor === undefined ? {} : { cursor }) },
        },
      }),
    ),
  );
  return (
    <section>
      <h2>{T.usedBy}</h2>
      <Usages pages={pages} withImages={false} />
    </section>
  );
}

function Usages({
  pages,
  withImages,
}: {
  readonly pages: Pages<Usage>;
  readonly withImages: boolean;
}): JSX.Element {
  const columns = [T.how, T.who, T.node, T.service, T.from, T.program, T.last, T.runsUntil];
  return (
    <>
      {pages.items.length > 0 && (
        <Table label={T.usedBy} columns={withImages ? [T.repository, ...columns] : columns}>
          {pages.items.map((usage, index) => (
            <tr key={index}>
              {withImages && <Image usage={usage} />}
              <Cells usage={usage} />
            </tr>
          ))}
        </Table>
      )}
      <Rest pages={pages}>{T.notInUse}</Rest>
    </>
  );
}

function Image({ usage: { repository, tag } }: { readonly usage: Usage }): JSX.Element {
  return (
    <td class="broken">
      <a
        href={href(tag === null ? repositoryPlace(repository) : tagPlace(repository, tag))}
        dir="ltr"
      >
        {tag === null ? repository : `${repository}:${tag}`}
      </a>
    </td>
  );
}

function Cells({ usage }: { readonly usage: Usage }): JSX.Element {
  const { how, uid, realm, report, node, service, address, userAgent, lastAt, endsAt } = usage;
  return (
    <>
      <td>
        <span class={`badge ${how === "reported" ? "good" : ""}`} title={report ?? ""}>
          {how === "reported" ? T.reportedHow : T.pulledHow}
        </span>
      </td>
      <th scope="row" dir="auto" title={realm}>
        {uid === "" ? T.anonymous : uid}
      </th>
      <td class="broken" dir="auto">
        {node}
      </td>
      <td class="broken" dir="auto">
        {service}
      </td>
      <td>{address}</td>
      <td>
        <span class="cut short" title={userAgent ?? ""} dir="auto">
          {userAgent}
        </span>
      </td>
      <td>
        <Time at={lastAt} />
      </td>
      <td>{endsAt !== null && <Time at={endsAt} />}</td>
    </>
  );
}
