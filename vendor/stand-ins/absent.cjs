// In place of a package that nothing calls. It may be loaded, asked whether a value is an instance of one of its classes, and no more.
module.exports = new Proxy(class Absent {}, {
  get(target, name) {
    if (name === "Tensor") return target;
    if (name === "__esModule" || name === "default" || typeof name === "symbol") return undefined;
    throw new Error(`skbook ships without the package that has ${name}`);
  },
});
