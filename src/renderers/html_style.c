/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules as in printed statistics: three horizontal lines, no vertical ones, no stripes. Text keeps to a measure that the
 * eye can follow; tables may be wider and scroll by themselves on a narrow screen. */
#include "renderers/html_style.h"

#include <stddef.h>

const char *const tm_html_style[] = {
    ":root{color-scheme:light dark;--paper:#fdfcf9;--ink:#1c1d20;--soft:#5f6066;--rule:#1c1d20;--hair:#d9d5cc;--accent:#1d5a6b;"
    "--serif:Charter,'Bitstream Charter','Sitka Text',Cambria,Georgia,'Noto Serif',serif;"
    "--sans:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',Helvetica,Arial,sans-serif}\n",
    "@media (prefers-color-scheme:dark){:root{--paper:#15171a;--ink:#e8e5de;--soft:#a3a19b;--rule:#b9b6ae;--hair:#34373c;"
    "--accent:#85c3d3}}\n",
    "*{box-sizing:border-box}\n",
    "html{-webkit-text-size-adjust:100%;text-size-adjust:100%}\n",
    "body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.6 var(--sans);overflow-wrap:break-word}\n",
    "main{max-width:61rem;margin:0 auto;padding:3.25rem 1.5rem 5rem}\n",
    "h1,h2,h3,caption,.fact dd,.lead{font-family:var(--serif)}\n",
    "h1{font-size:2.35rem;line-height:1.15;font-weight:600;letter-spacing:-.012em;margin:.35rem 0 0;text-wrap:balance;max-width:52rem}\n",
    "h2{font-size:1.55rem;line-height:1.25;font-weight:600;margin:3.5rem 0 1rem;padding-top:1.1rem;border-top:1px solid var(--hair)}\n",
    "h3{font-size:1.15rem;line-height:1.35;font-weight:600;margin:2.25rem 0 .6rem}\n",
    "p{margin:0 0 .9rem;max-width:43rem}\n",
    ".kicker{margin:0;color:var(--soft);font-size:.85rem;letter-spacing:.03em}\n",
    ".lead{font-size:1.22rem;line-height:1.5;margin:1.25rem 0 0;color:var(--ink);text-wrap:pretty}\n",
    ".facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(9.5rem,100%),1fr));gap:1.4rem 2rem;margin:1.9rem 0 0;"
    "padding-top:1.1rem;border-top:1px solid var(--hair)}\n",
    ".fact dt{font-size:.88rem;color:var(--soft);line-height:1.4}\n",
    ".fact dd{margin:0}\n",
    ".fact .value{font-size:1.75rem;line-height:1.3;font-variant-numeric:lining-nums tabular-nums}\n",
    ".facts.strong{grid-template-columns:repeat(auto-fill,minmax(min(15rem,100%),1fr))}\n",
    ".strong .value{color:var(--accent)}\n",
    ".fact .detail{font:.88rem/1.45 var(--sans);font-variant-numeric:lining-nums;color:var(--soft)}\n",
    ".table{margin:1.6rem 0 2.2rem;max-width:43rem}\n",
    ".table.broad{max-width:none}\n",
    ".scroll{overflow-x:auto}\n",
    "table{border-collapse:collapse;width:100%;font-size:.92rem;line-height:1.4;font-variant-numeric:lining-nums tabular-nums}\n",
    "caption{text-align:left;font-weight:600;font-size:1.02rem;padding:0 0 .55rem}\n",
    "th,td{padding:.42rem 0 .42rem 1.5rem;text-align:left;vertical-align:baseline;font-weight:400}\n",
    "th:first-child,td:first-child{padding-left:0}\n",
    "thead{border-top:1.6px solid var(--rule);border-bottom:.8px solid var(--rule)}\n",
    "thead th{color:var(--soft);font-size:.86rem;vertical-align:bottom;line-height:1.3}\n",
    ".overs th{text-align:center;padding-bottom:0}\n",
    ".overs th span{display:block;padding-bottom:.28rem;border-bottom:.8px solid var(--hair)}\n",
    "table>tbody:last-of-type>tr:last-child>*{border-bottom:1.6px solid var(--rule)}\n",
    "tbody+tbody .group th{padding-top:.95rem}\n",
    ".group th{font-weight:600;padding-bottom:.15rem}\n",
    ".grouped tbody tr:not(.group) th{padding-left:1rem}\n",
    "td.number,th.number{text-align:right}\n",
    "td.number{white-space:nowrap}\n",
    "td.dash,td.below{color:var(--soft)}\n",
    "td strong{font-weight:650}\n",
    "sup{font-size:.72em;line-height:0;margin-left:.12em;font-style:italic}\n",
    "sup a{color:var(--accent);text-decoration:none;padding:.3em .12em}\n",
    "sup a:hover,sup a:focus{text-decoration:underline}\n",
    ".notes{margin:.7rem 0 0;font-size:.84rem;line-height:1.5;color:var(--soft)}\n",
    ".notes p{margin:0 0 .25rem}\n",
    ".notes .mark{display:inline-block;min-width:1.1em;font-style:italic;color:var(--accent)}\n",
    ".notes p:target{color:var(--ink)}\n",
    ".citations{margin:0 0 1rem;padding-left:1.15rem}\n",
    ".citations li{margin:.15rem 0}\n",
    "@media (max-width:34rem){main{padding:1.75rem 1.1rem 3rem}h1{font-size:1.8rem}.lead{font-size:1.1rem}"
    "table{font-size:.86rem}th,td{padding-left:1.05rem}"
    "tbody th[scope=row],thead th:first-child{position:sticky;left:0;background:var(--paper);padding-right:.3rem;min-width:7.5rem;"
    "z-index:1}}\n",
    "@page{margin:2cm 1.8cm}\n",
    "@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--rule:#000;--hair:#bbb;--accent:#000}"
    "body{font-size:10pt}main{max-width:none;padding:0}h1{font-size:20pt}h2{font-size:14pt;margin-top:1.6rem}"
    "h1,h2,h3,caption{break-after:avoid}table,.facts,.fact{break-inside:avoid}p{orphans:3;widows:3;max-width:none}"
    ".table{max-width:none}.scroll{overflow:visible}table{font-size:8.5pt}"
    "th,td{padding-left:.7rem}}\n",
    NULL};
