export { install, uninstall } from "./command.js";
export { kernelIdentity, specFile, writeKernelspec } from "./kernelspec.js";
export { writeLabextension } from "./labextension.js";
export { kernelsBelow, placesOfJupyter, userKernels } from "./places.js";
