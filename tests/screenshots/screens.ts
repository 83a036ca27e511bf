import type { BrowserContextOptions } from "playwright-core";

/** Every screen, by the name of its picture, and where it is below `/ui/`. */
export const SCREENS: Readonly<Record<string, string>> = {
  home: "",
  search: "?q=pay",
  "nothing-found": "?q=nothing-is-called-so",
  "search-tags": "?q=payments:1.",
  repository: "repositories/alpha/checkout/-/?sort=version",
  activity: "repositories/alpha/checkout/-/activity",
  "referrers-of": "repositories/alpha/checkout/-/referrers",
  compare: "repositories/alpha/checkout/-/compare?before=1.0.0&after=2.0.0",
  "access-of": "repositories/alpha/checkout/-/access",
  tag: "repositories/alpha/checkout/-/tags/2.0.0",
  image: "repositories/alpha/checkout/-/tags/2.0.0?part=image",
  referrers: "repositories/alpha/checkout/-/tags/2.0.0?part=referrers",
  history: "repositories/alpha/checkout/-/tags/2.0.0?part=history",
  contents: "repositories/alpha/checkout/-/tags/2.0.0?part=contents",
  related: "repositories/alpha/checkout/-/tags/2.0.0?part=related",
  "not-there": "repositories/alpha/nothing/-/",
  refusals: "refusals",
  access: "access",
  audit: "audit?action=tag.refused",
  robots: "robots?team=alpha",
  logins: "logins",
  operations: "operations",
  registries: "registries",
  "found-everywhere": "registries?q=pay",
  directory: "directory",
  policy: "policy",
  "in-use": `in-use?digest=sha256:${"0".repeat(64)}`,
  "no-such-page": "nowhere",
};

/** What README.md shows, by the name of the picture. */
export const PICTURES: Readonly<
  Record<
    string,
    Pick<BrowserContextOptions, "colorScheme" | "viewport"> & { readonly place: string }
  >
> = {
  tags: { place: "repositories/alpha/checkout/-/?sort=version", colorScheme: "light" },
  refusal: {
    place: "repositories/alpha/checkout/-/tags/2.0.0?part=history",
    colorScheme: "dark",
    viewport: { width: 1280, height: 640 },
  },
  phone: {
    place: "repositories/alpha/checkout/-/tags/2.0.0",
    colorScheme: "light",
    viewport: { width: 390, height: 800 },
  },
};
