// What skbook uses of danfojs: its index would bring readers of files besides.
const { DataFrame, Series } = require("danfojs-node/dist/danfojs-base/index.js");
const { default: Groupby } = require("danfojs-node/dist/danfojs-base/aggregators/groupby.js");
module.exports = { DataFrame, Series, Groupby };
