export { install, uninstall } from "./command.js";
export { kernelIdentity, specFile, writeKernelspec } from "./kernelspec.js";
export { kernelsIn, labextensionsIn, placesOfJupyter } from "./places.js";
