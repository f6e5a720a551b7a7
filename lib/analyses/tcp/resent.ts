/** TCP packets that were sent again, as relation `retransmitted`. */
export const resentViews = {
  retransmitted: "SELECT *, resent AS kind FROM tcp WHERE resent IS NOT NULL",
};
