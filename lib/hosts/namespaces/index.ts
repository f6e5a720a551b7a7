export { inNamespace, namespaceName } from "./inside.js";
export { hostNamespace, namespaceIds, namespaceNames } from "./names.js";
export { inEveryNamespace } from "./script.js";
