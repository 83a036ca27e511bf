import { test } from "@jest/globals";
import { loadPolicy } from "#token-server/policy/load.js";
import { decide } from "#access-policy/decide.js";
import { oauthIdentity } from "#tests/support/identities.js";
test("x", () => {
  let out = "";
  for (const t of ["rules:\n  - id: A b\n    actions: [push, catalog]\n    message: ${x}\n  - &a 1\n  - *b\n", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\nrules: [*d,*d,*d,*d,*d]\n","rules: [*nope]"])
    try { loadPolicy("p.yaml", t); } catch (e) { out += String(e).slice(0,800) + "\n--\n"; }
  for (const n of [1000, 5000]) {
    let y = "rules:\n";
    for (let i = 0; i < n; i++) y += `  - id: r${i}\n    effect: allow\n    actions: [push]\n    repositories: ["team${i}/**", "x/*-${i}/\${team}/**", "literal/r${i}"]\n    who: {realms: [/employees], scopes: {anyOf: [a${i}]}, addresses: [10.0.0.0/8]}\n`;
    let t0 = performance.now();
    const { policy, warnings } = loadPolicy("p.yaml", y);
    out += `load ${n}: ${performance.now() - t0} ms, ${warnings.length}\n`;
    for (const repo of ["zeta/app", "team900/app", "x/a-b-c-d/team/app"]) {
    t0 = performance.now();
    for (let i = 0; i < 500; i++) decide(policy, { identity: oauthIdentity(), teams: ["a", "b", "c"] }, { type: "repository", name: repo as never }, "push", { address: "10.1.2.3" });
    out += `decide ${repo} over ${n}: ${(performance.now() - t0) / 500} ms\n`;
    }
  }
  process.stderr.write(out);
});
