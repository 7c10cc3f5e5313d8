/** Style of a backtest's page. It follows the reader's choice of light and dark. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--paper:#fff;--card:#f6f7f9;--ink:#1b222c;--faint:#596373;--edge:#dde1e7;--own:#1f5fbf;--other:#8a5a00;--band:#7b8797;--gain:#1d7a46;--loss:#b3362b}
@media (prefers-color-scheme:dark){:root{--paper:#12161c;--card:#1a2028;--ink:#e6eaf0;--faint:#9aa5b4;--edge:#2d3541;--own:#6fa8ff;--other:#e0aa4a;--band:#8591a1;--gain:#54c184;--loss:#f0796d}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1000px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:26px;margin:0}
h2{font-size:17px;margin:34px 0 6px}
p{margin:6px 0}
.faint,small{color:var(--faint)}
.verdict{background:var(--card);border-left:4px solid var(--own);padding:12px 18px;margin:18px 0;border-radius:4px}
.verdict.bad{border-color:var(--loss)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(205px,1fr));gap:10px;margin:18px 0}
.card{background:var(--card);border-radius:6px;padding:10px 14px}
.card b{display:block;font-size:21px;font-variant-numeric:tabular-nums}
.card span,.card small{display:block}
svg{width:100%;height:auto;display:block}
svg text.axis{font:11px system-ui,sans-serif;fill:var(--ink)}
svg text.faint{fill:var(--faint)}
svg .grid{stroke:var(--edge);stroke-width:1}
svg .zero{stroke:var(--ink);stroke-width:1}
svg path{fill:none;stroke-width:1.8;stroke-linejoin:round}
svg .own{stroke:var(--own)}
svg .hold{stroke:var(--other);stroke-width:1.3}
svg .middle{stroke:var(--band);stroke-width:1.2;stroke-dasharray:5 4}
svg .band{fill:var(--band);fill-opacity:.2;stroke:none}
svg .fall{fill:var(--loss);fill-opacity:.35;stroke:var(--loss);stroke-width:1}
svg .gain{fill:var(--gain)}svg .loss{fill:var(--loss)}
svg .whisker{stroke:var(--ink);stroke-width:1.2}
svg .ideal{stroke:var(--faint);stroke-dasharray:4 4}
svg .dot{fill:var(--own);fill-opacity:.75}
.key{display:flex;gap:18px;flex-wrap:wrap;color:var(--faint);font-size:13px}
.key i{display:inline-block;width:22px;height:0;border-top:3px solid;vertical-align:middle;margin-right:6px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:13.5px}
th,td{text-align:right;padding:5px 7px;border-bottom:1px solid var(--edge);white-space:nowrap}
th:first-child,td:first-child{text-align:left}
th{font-weight:600;color:var(--faint)}
td.none{color:var(--faint)}
.three{display:grid;grid-template-columns:repeat(auto-fit,minmax(260px,1fr));gap:14px}
figure{margin:0}
figcaption{font-size:13px;color:var(--faint)}
`;
