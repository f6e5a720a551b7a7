// In place of tslab's reader of comments: cells have no commands of tslab's in them.
exports.getCodeMetadata = () => ({});
