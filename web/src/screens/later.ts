/** All screens but the first, in one file: whoever opens one of them opens others. */
export { Access } from "./access.jsx";
export { Audit } from "./audit.jsx";
export { Directory } from "./directory.jsx";
export { InUse } from "./in-use.jsx";
export { Logins } from "./logins.jsx";
export { Operations } from "./operations.jsx";
export { PolicyTest } from "./policy-test.jsx";
export { Refusals } from "./refusals.jsx";
export { Registries } from "./registries.jsx";
export { Repository } from "./repository.jsx";
export { Robots } from "./robots.jsx";
export { Tag } from "./tag.jsx";
