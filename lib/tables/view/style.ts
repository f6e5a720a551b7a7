const faint = (percent: number) => `color-mix(in srgb, currentColor ${percent}%, transparent)`;
/** The look of what can be worked with; colours are the page's, so that they turn dark with it. */
export const viewStyle = `
.skbook-table.live { font-size: 0.86rem; }
.skbook-table.live :is(button, input, select, summary) { font: inherit; color: inherit; }
.skbook-table.live :is(.bar, .group) { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
.skbook-table.live .bar { margin: 4px 0; }
.skbook-table.live [hidden] { display: none; }
.skbook-table.live :is(.bar button, .columns button, .bar select, .bar input[type=search], .group input, .filters input) {
  border: 1px solid ${faint(35)}; border-radius: 4px; background: transparent; padding: 2px 8px; margin: 0;
  height: auto; line-height: 1.4; box-sizing: border-box; min-width: 0; box-shadow: none; cursor: pointer; }
.skbook-table.live :is(.bar input, .group input, .filters input) { cursor: text; }
.skbook-table.live .bar select { max-width: 12em; }
.skbook-table.live .bar input[type=search] { width: 14em; }
.skbook-table.live .group input { width: 5.5em; text-align: right; }
.skbook-table.live :is(.bar, .columns) :is(button, select):hover:not(:disabled) { background: ${faint(10)}; }
.skbook-table.live button:disabled { opacity: .35; cursor: default; }
.skbook-table.live button[aria-pressed=true] { background: ${faint(16)}; }
.skbook-table.live :is(button, input, select, summary, .scroll):focus-visible { outline: 2px solid #2f81f7; outline-offset: 1px; }
.skbook-table.live option { background: Canvas; color: CanvasText; }
.skbook-table.live .status { flex: 1 1 auto; }
.skbook-table.live .rows { border-spacing: 0; border: none; }
.skbook-table.live .rows thead th { vertical-align: top; padding: 2px 10px 4px; background: transparent; }
.skbook-table.live .rows th button { all: unset; cursor: pointer; font-weight: 600; white-space: nowrap; border-radius: 3px; }
.skbook-table.live .rows th button:focus-visible { outline: 2px solid #2f81f7; outline-offset: 2px; }
.skbook-table.live .rows th small { display: block; line-height: 1.4; }
.skbook-table.live .rows th small:empty { display: none; }
.skbook-table.live .sign { opacity: .25; padding-left: 4px; font-size: .8em; }
.skbook-table.live .sign.on { opacity: 1; }
.skbook-table.live .filters td { padding: 3px 4px; }
.skbook-table.live .filters input { width: 100%; min-width: 5.5em; padding: 1px 5px; }
.skbook-table.live .filters input[aria-invalid=true] { border-color: #d1242f; box-shadow: 0 0 0 1px #d1242f; }
.skbook-table.live .rows tbody tr { background: transparent; }
.skbook-table.live .rows tbody tr:hover { background: ${faint(7)}; }
.skbook-table.live .rows td { background: transparent; }
.skbook-table.live .none { opacity: .7; }
.skbook-table.live[aria-busy=true] .rows tbody { opacity: .45; }
.skbook-table.live .columns { display: flex; flex-wrap: wrap; gap: 2px 16px; align-items: center; padding: 4px 0 6px; }
.skbook-table.live .columns[hidden] { display: none; }
.skbook-table.live .columns label { display: inline-flex; gap: 5px; align-items: center; white-space: nowrap; }
.skbook-table.live .columns input { width: auto; height: auto; margin: 0; }
@media print {
  .skbook-table.live :is(.columns, .group, .sign:not(.on)), .skbook-table.live .bar :is(input, button, select) { display: none; }
}
`;
