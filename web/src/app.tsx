import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { answerOf, api, type Login } from "./api/ask.js";
import { useCurrentSession, type FirstAsked } from "./api/current-session.js";
import { Announcements } from "./parts/announce.jsx";
import { Loading, loginPlace } from "./parts/states.jsx";
import { go, href, usePlace } from "./place.js";
import { AtPlace } from "./screens/at-place.jsx";
import { LoginScreen } from "./screens/login.jsx";
import { Me, useMe } from "./session.jsx";
import { T } from "./texts/texts.js";

/** The page: who is there, where one can go, and the screen that the address says. */
export function App({ first }: { readonly first: FirstAsked }): JSX.Element {
  const { path } = usePlace();
  const [wasOver, setWasOver] = useState(false);
  const { me, turn, issuers, changed } = useCurrentSession(first, () => {
    if (location.pathname === href("login")) return;
    setWasOver(true);
    go(loginPlace().slice(href("").length), "replace");
  });
  const entered = (login: Login | null) => {
    setWasOver(false);
    changed(login);
  };
  const logOut = () => {
    void answerOf(api.DELETE("/session")).then(() => {
      changed(null);
      go("");
    });
  };
  // Whose it is changes nothing about the first view, and everything about others.
  if (me === "asking" && path !== "") return <Loading />;
  return (
    <Me.Provider value={me === "asking" ? null : me}>
      <a class="skip" href="#content">
        {T.toContent}
      </a>
      <Head path={path} me={me} logOut={logOut} />
      <main id="content" tabIndex={-1}>
        {path === "login" ? (
          <LoginScreen entered={entered} wasOver={wasOver} issuers={issuers} />
        ) : (
          <AtPlace key={turn} path={path} />
        )}
      </main>
      <footer>
        <a href={href("api/")}>{T.restApi}</a>
      </footer>
      <Announcements />
    </Me.Provider>
  );
}

function Head({
  path,
  me,
  logOut,
}: {
  readonly path: string;
  readonly me: Login | null | "asking";
  readonly logOut: () => void;
}): JSX.Element {
  const known = useMe();
  const links = [
    { place: "", text: T.repositories },
    { place: "refusals", text: T.refusals },
    { place: "access", text: T.access },
    ...(known === null
      ? []
      : [
          { place: "registries", text: T.registries },
          { place: "directory", text: T.directory },
          { place: "robots", text: T.robots },
          { place: "logins", text: T.logins },
        ]),
    ...(known?.isAdministrator === true
      ? [
          { place: "in-use", text: T.inUse },
          { place: "audit", text: T.audit },
          { place: "operations", text: T.operations },
        ]
      : []),
  ];
  return (
    <header>
      <a class="brand" href={href("")}>
        <Mark /> Wharfinger
      </a>
      <nav aria-label={T.menu}>
        {links.map(({ place, text }) => (
          <a key={place} href={href(place)} aria-current={path === place ? "page" : undefined}>
            {text}
          </a>
        ))}
      </nav>
      <p class="me">{me !== "asking" && <WhoIsThere {...{ path, me, logOut }} />}</p>
    </header>
  );
}

function WhoIsThere({
  path,
  me,
  logOut,
}: {
  readonly path: string;
  readonly me: Login | null;
  readonly logOut: () => void;
}): JSX.Element | null {
  if (me === null)
    return path === "login" ? null : (
      <a class="button" href={loginPlace()}>
        {T.logIn}
      </a>
    );
  return (
    <>
      <span class="cut" dir="auto" title={T.loggedInAs(`${me.realm}/${me.uid}`)}>
        {me.uid}
      </span>
      <button type="button" onClick={logOut}>
        {T.logOut}
      </button>
    </>
  );
}

/** As in mark.svg, which the browser shows beside the title. */
function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M6 22h20M9 22v5M16 22v5M23 22v5M9 9h6v6H9zM17 9h6v6h-6zM13 15h6v5h-6z" />
    </svg>
  );
}
