import { randomInt } from "node:crypto";
import type { View } from "#access-policy/view.js";
import { newestEntries } from "#audit-log/list-entries.js";
import type { EntryFilter } from "#audit-log/sql/entries.js";
import { listBases, listBuiltOn } from "#gateway/catalog/base-images.js";
import type { Catalog } from "#gateway/catalog/catalog.js";
import { listRefusals, tagHistory } from "#gateway/catalog/history.js";
import { listFindings } from "#gateway/catalog/findings.js";
import { listRepositories, oneRepository } from "#gateway/catalog/repositories.js";
import { search } from "#gateway/catalog/search.js";
import { readRepositories, type RepositoryOrder } from "#gateway/catalog/sql/repositories.js";
import { readTags, type TagOrder } from "#gateway/catalog/sql/tags.js";
import { searchTags } from "#gateway/catalog/search-tags.js";
import { listTags, listTagsOfDigest } from "#gateway/catalog/tags.js";
import { bytesInView, teamInView, teamsInView } from "#gateway/catalog/teams.js";
import type { Digest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";
import { digestAt, EVERYWHERE, LARGE, repositoryAt } from "./generated-catalog.js";

const PAGE = 5;
const BY_CAROL: EntryFilter = {
  ...{ since: new Date(0), until: new Date("9999-12-31"), repository: null, action: null },
  ...{ actor: "carol", tag: null, digest: null },
};

type Call = (view: View) => Promise<unknown>;
type Calls = Readonly<Record<string, (of: View) => Call | Promise<Call>>>;

/** Of fewer the last page: an empty one says nothing. */
const behind = <Row>(rows: readonly Row[]): Row | undefined =>
  rows.length === 9_999 * PAGE ? rows.at(-1) : rows.at(Math.max(0, rows.length - 1 - PAGE));

/** The page that begins behind the 9,999th, found out once for each view. */
async function farPlace(catalog: Catalog, of: View, sort: RepositoryOrder) {
  const shown = await catalog.shown(of);
  const query = { sort, team: null, text: "", after: null, among: shown.few };
  const rows = await readRepositories(catalog.db, shown, { ...query, limit: 9_999 * PAGE });
  const last = rows.length > PAGE ? behind(rows) : undefined;
  return last === undefined ? undefined : { key: last.key, id: last.id };
}

/** Of tags, whose repository is in the view or is not. */
function tagCallsOf(catalog: Catalog, repositories: number): Calls {
  const { db } = catalog;
  const repository = parseRepositoryName(LARGE);
  const whole = {
    ...catalog,
    shown: async (of: View) => ({ ...(await catalog.shown(of)), has: () => true }),
  };
  const tags = (sort: TagOrder, isFar: boolean) => async (): Promise<Call> => {
    const rows = isFar
      ? await readTags(db, sort, { repository, after: null, limit: 9_999 * PAGE })
      : [];
    const last = rows.length > PAGE ? behind(rows) : undefined;
    const asked = { repository, sort, policy: PIER_ONE_TAGS, limit: isFar ? PAGE : 100 };
    return (of) => listTags(whole, of, { ...asked, ...(last && { after: last }) });
  };
  const calls = (["name", "pushed", "version", "pulled"] as const).flatMap((sort) => [
    [`tags by ${sort}, of 100,000`, tags(sort, false)] as const,
    [`tags by ${sort}, of 100,000, 10,000th page`, tags(sort, true)] as const,
  ]);
  const tag = parseTag("7.7.0");
  return {
    ...Object.fromEntries(calls),
    ...digestCallsOf(catalog, repositories),
    ...namedCallsOf(catalog),
    "history of a tag": () => (of) => tagHistory(whole, of, { repository, tag, limit: 100 }),
    ...refusalCallsOf(catalog),
    "images built on one, of 1,000": () => (of) =>
      listBuiltOn(catalog, of, { layers: ["common"], limit: 100 }),
    "bases of one of them": () => (of) =>
      listBases(catalog, of, { layers: ["common", "top-7"], limit: 100 }),
    "findings of discovery": () => (of) => listFindings(catalog, of, { limit: 100 }),
    "entries of the audit log by somebody": () => () => newestEntries(db, BY_CAROL, { limit: 100 }),
  };
}

/** A digest of few tags, and one that a tag of every repository means. */
function digestCallsOf(catalog: Catalog, repositories: number): Calls {
  const list = (digest: Digest, more: object) => (of: View) =>
    listTagsOfDigest(catalog, of, { digest, limit: 100, ...more });
  const middle = { after: { repository: "team-200", name: "" } };
  return {
    "tags of a digest": () => list(digestAt(randomInt(repositories), 3), {}),
    "tags of a digest that is everywhere": () => list(EVERYWHERE, {}),
    "tags of it, from the middle": () => list(EVERYWHERE, middle),
  };
}

/** Names that one tag has, that many have, and that many have elsewhere. */
function namedCallsOf(catalog: Catalog): Calls {
  const found = (tag: string, more: object) => () => (of: View) =>
    searchTags(catalog, of, { tag, repository: "", limit: 25, ...more });
  return {
    "tags that begin with 1.": found("1.", {}),
    "tags that begin with 7.7.0": found("7.7.0", {}),
    "tags that begin with nothing": found("", {}),
    "tags that begin with 1., of few repositories": found("1.", { repository: "app-12" }),
    "tags that begin with 1., of many repositories": found("1.", { repository: "app" }),
    "tags that begin with 1., of a team": found("1.", { team: "team-200" }),
    "tags that nobody has": found("no-such", {}),
  };
}

function refusalCallsOf(catalog: Catalog): Calls {
  const list = (more: object) => (of: View) => listRefusals(catalog, of, { limit: 100, ...more });
  /** Of a year ago: as many pages lie before it as there are. */
  const after = { at: "2025-12-01T00:00:00.000000Z", chain: 0, position: 0 };
  return {
    refusals: () => list({}),
    "refusals, of a year ago": () => list({ after }),
    "refusals of somebody": () => list({ actor: "bob" }),
    "refusals of somebody, of a year ago": () => list({ actor: "bob", after }),
  };
}

/**
 * @param catalog - what lists are read from
 * @param repositories - how many were generated
 * @returns what is measured, by its name: made ready for a view, then asked again and again
 */
export function callsOf(catalog: Catalog, repositories: number): Calls {
  const page = (more: object) => (): Call => (of) =>
    listRepositories(catalog, of, { sort: "name", limit: 100, ...more });
  const found = (term: () => string) => (): Call => (of) =>
    search(catalog, of, { term: term(), page: 1, size: 25 });
  const far =
    (sort: RepositoryOrder) =>
    async (of: View): Promise<Call> => {
      const after = await farPlace(catalog, of, sort);
      return (asked) =>
        listRepositories(catalog, asked, { sort, limit: PAGE, ...(after && { after }) });
    };
  return {
    "repositories by name": page({}),
    "repositories by name, 10,000th page": far("name"),
    "repositories by last push": page({ sort: "pushed" }),
    "repositories by last pull, 10,000th page": far("pulled"),
    "repositories by pulls": page({ sort: "pulls" }),
    "repositories by pulls, 10,000th page": far("pulls"),
    "repositories by size, of a team": page({ sort: "size", team: "team-007" }),
    "repositories with service-4 in the name": page({ sort: "pulls", text: "service-4" }),
    "repositories with -0 in the name": page({ sort: "pulls", text: "-0" }),
    "one repository": () => (of) =>
      oneRepository(
        catalog,
        of,
        parseRepositoryName(
          of.rules[0]?.startsWith("+team") ? of.rules[0].slice(1) : repositoryAt(7),
        ),
      ),
    "search app": found(() => "app"),
    "search one name": found(() => repositoryAt(randomInt(repositories)).split("/")[1] ?? ""),
    "search e": found(() => "e"),
    "search what is not there": found(() => "no-such-thing"),
    teams: () => (of) => teamsInView(catalog, of),
    "one team": () => (of) =>
      teamInView(catalog, of, repositoryAt(7 * 97).split("/")[0] ?? "").catch(() => null),
    "bytes of all": () => (of) => bytesInView(catalog, of),
    ...tagCallsOf(catalog, repositories),
    "(a statement that does nothing)": () => () => catalog.db.query("select 1"),
  };
}
