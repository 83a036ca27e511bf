import type { JSX } from "preact";
import { Empty } from "../parts/states.jsx";
import { href } from "../place.js";
import { T } from "../texts/texts.js";
import { Access } from "./access.jsx";
import { Audit } from "./audit.jsx";
import { Directory } from "./directory.jsx";
import { Home } from "./home.jsx";
import { InUse } from "./in-use.jsx";
import { Logins } from "./logins.jsx";
import { Operations } from "./operations.jsx";
import { PolicyTest } from "./policy-test.jsx";
import { Refusals } from "./refusals.jsx";
import { Registries } from "./registries.jsx";
import { Repository } from "./repository.jsx";
import { Robots } from "./robots.jsx";
import { Tag } from "./tag.jsx";

const SCREENS: Readonly<Record<string, () => JSX.Element>> = {
  "": Home,
  access: Access,
  audit: Audit,
  directory: Directory,
  "in-use": InUse,
  logins: Logins,
  operations: Operations,
  policy: PolicyTest,
  refusals: Refusals,
  registries: Registries,
  robots: Robots,
};
const OF_TAG = /^repositories\/(.+)\/-\/tags\/([^/]+)$/;
const OF_REPOSITORY = /^repositories\/(.+?)\/-\/(|activity|referrers|compare|access)$/;

/**
 * @param path - below `/ui/`
 * @returns what is shown there
 */
export function screenAt(path: string): JSX.Element {
  const tag = OF_TAG.exec(path);
  if (tag !== null) return <Tag key={path} repository={tag[1] ?? ""} tag={decoded(tag[2] ?? "")} />;
  const repository = OF_REPOSITORY.exec(path);
  if (repository !== null)
    return (
      <Repository key={repository[1] ?? ""} name={repository[1] ?? ""} tab={repository[2] ?? ""} />
    );
  const Screen = Object.hasOwn(SCREENS, path) ? SCREENS[path] : undefined;
  return Screen === undefined ? <NoSuchPage /> : <Screen />;
}

function NoSuchPage(): JSX.Element {
  return (
    <>
      <h1 tabIndex={-1}>{T.noSuchPage}</h1>
      <Empty>
        <a href={href("")}>{T.toStart}</a>
      </Empty>
    </>
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
