// Of tslab, what runs the code of cells.
exports.createExecutor = require("tslab/dist/executor.js").createExecutor;
