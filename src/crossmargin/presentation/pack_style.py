"""How a methodology pack looks in a browser and on paper, in the reader's own fonts."""

CSS = """
:root { --ink: #1a1a1a; --soft: #555; --rule: #c9c9c9; --wash: #f4f4f1; }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0 auto; max-width: 62rem; padding: 2.5rem 1.5rem 5rem; color: var(--ink);
  background: #fff; font: 1rem/1.55 Georgia, "Times New Roman", "Liberation Serif", serif; }
h1, h2, h3, nav, table, figcaption, .kicker, .lead, .digest, .answers, text {
  font-family: Helvetica, Arial, "Liberation Sans", sans-serif; }
h1 { font-size: 2.4rem; line-height: 1.15; margin: 0.2rem 0 0.4rem; }
h2 { font-size: 1.5rem; margin: 3.5rem 0 0.6rem; padding-top: 0.8rem;
  border-top: 3px solid var(--ink); line-height: 1.25; }
h3 { font-size: 1.1rem; margin: 2.2rem 0 0.4rem; }
p { margin: 0.6rem 0; max-width: 46rem; }
.kicker { letter-spacing: 0.12em; text-transform: uppercase; font-size: 0.8rem;
  color: var(--soft); margin: 0; }
.lead { font-size: 1.15rem; color: var(--soft); margin: 0 0 1.2rem; }
.notice { border-left: 4px solid var(--ink); background: var(--wash); padding: 0.6rem 0.9rem; }
.answers { color: var(--soft); font-size: 0.9rem; }
.digest, figcaption { font-size: 0.85rem; color: var(--soft); }
code { font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 0.85em;
  overflow-wrap: anywhere; }
.value { border-bottom: 1px dotted var(--soft); }
nav { background: var(--wash); padding: 0.8rem 1.4rem 1rem; margin: 1.6rem 0; font-size: 0.95rem; }
nav h2 { border: 0; margin: 0.2rem 0; padding: 0; font-size: 1.1rem; }
nav ol { columns: 2; column-gap: 2.5rem; margin: 0.4rem 0; padding-left: 1.2rem; }
nav li { break-inside: avoid; margin: 0.25rem 0; }
nav ul { padding-left: 1rem; font-size: 0.86rem; list-style: none; }
a { color: inherit; text-decoration-color: var(--rule); }
a:focus, a:hover { text-decoration-color: var(--ink); }
.wide { overflow-x: auto; margin: 1rem 0 1.6rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.8rem; line-height: 1.35; }
caption { text-align: left; font-weight: bold; padding: 0 0 0.4rem; font-size: 0.88rem; }
th, td { text-align: left; padding: 0.28rem 0.55rem 0.28rem 0; vertical-align: top;
  border-bottom: 1px solid #e3e3e3; overflow-wrap: anywhere; }
th { border-bottom: 2px solid var(--ink); vertical-align: bottom; overflow-wrap: normal; }
td:first-child { overflow-wrap: normal; }
.figure { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.figure { overflow-wrap: normal; }
th.figure { white-space: normal; }
figure { margin: 1.4rem 0 2rem; }
.still svg { width: 100%; height: auto; display: block; }
.live { display: none; width: 100%; }
.alive .live { display: block; }
.alive .still { display: none; }
@media print {
  @page { size: A4; margin: 18mm 16mm; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2 { break-before: page; border-top-width: 2px; margin-top: 0; }
  nav h2 { break-before: auto; }
  h2, h3, caption { break-after: avoid; }
  figure, tr { break-inside: avoid; }
  thead { display: table-header-group; }
  .wide { overflow: visible; }
  table { font-size: 7.5pt; }
  nav { break-before: page; }
  .alive .live { display: none; }
  .alive .still, .still { display: block; }
  .value { border-bottom: 0; }
  a { text-decoration: none; }
}
"""
