#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/html/svg.h"
#include "report/sweep/breakdown.h"
#include "report/sweep/charts.h"
#include "report/sweep/summary.h"
#include "report/text.h"

// One page about a sweep: the figures, a scatter of time against memory with the Pareto
// front, settings against outcomes, a table that sorts with where each step goes, why points
// did not run, and what there is to know of those that did.

namespace orrery::report {
namespace {

using svg::escaped;
using sweep::Row;

constexpr std::size_t kMostRows = 1000;

constexpr const char* kHead = R"html(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>$TITLE</title><style>
:root{--ink:#1a1f2b;--paper:#fff;--dim:#667085;--line:#e4e7ec;--panel:#f7f8fa;--in:#2f6fed;--out:#c9ced8;--front:#d9480f}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ef;--paper:#14171f;--dim:#98a2b3;--line:#2a2f3a;--panel:#1c202a;--in:#6ea0ff;--out:#4a5160;--front:#ff8a4c}}
body{font:14px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1200px;margin:2em auto;padding:0 1em}
h1{font-size:1.5em;margin:0 0 .2em}h2{font-size:1.1em;margin:2em 0 .5em}small,.note{color:var(--dim)}
.chart{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:10px}.chart>svg{width:100%;height:auto;display:block}
svg text{font:12px system-ui,sans-serif;fill:var(--dim)}.axis{stroke:var(--line)}.in{fill:var(--in)}.out{fill:var(--out)}
.line{fill:none;stroke:var(--in);stroke-width:1;opacity:.25}.line.out{stroke:var(--out)}.line.best{stroke:var(--front);stroke-width:2;opacity:1}.line:hover{stroke:var(--ink);stroke-width:3;opacity:1}.line~text{paint-order:stroke;stroke:var(--panel);stroke-width:3px}.line~.name{fill:var(--ink);font-weight:500}
.front{fill:none;stroke:var(--front);stroke-width:1.5}.on{fill:var(--front)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}td,th{padding:3px 12px 3px 0;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th{cursor:pointer;color:var(--dim);font-weight:500;user-select:none}th[aria-sort]{color:var(--ink)}tr.misfit td{color:var(--dim)}
.why td{text-align:left}.why td:first-child{text-align:right;width:6em}
</style></head><body>
)html";

constexpr const char* kScript = R"html(<script>
document.querySelectorAll('#points th').forEach(function(th,column){
  th.tabIndex=0;
  function sort(){
    var up=th.getAttribute('aria-sort')!=='ascending',body=document.querySelector('#points tbody');
    document.querySelectorAll('#points th').forEach(function(t){t.removeAttribute('aria-sort')});
    th.setAttribute('aria-sort',up?'ascending':'descending');
    function value(tr){var c=tr.cells[column];return c.dataset.v===undefined?c.textContent:+c.dataset.v}
    Array.from(body.rows).filter(function(tr){return tr.className!=='below'}).map(function(tr,i){return[value(tr),i,tr]}).sort(function(a,b){
      return (a[0]<b[0]?-1:a[0]>b[0]?1:0)*(up?1:-1)||a[1]-b[1]}).forEach(function(x){body.appendChild(x[2]);if(x[2].below)body.appendChild(x[2].below)});
  }
  th.onclick=sort;th.onkeydown=function(e){if(e.key==='Enter'||e.key===' '){e.preventDefault();sort()}};
});
</script></body></html>
)html";

std::string cell(const std::string& text, double value) {
  return "<td data-v=\"" + significant(value, 9) + "\">" + escaped(text) + "</td>";
}

std::string table_row(const Row& row, const std::vector<std::string>& axes) {
  const auto config = nlohmann::json::parse(row.config, nullptr, false);
  const sweep::Outcome& o = row.outcome;
  std::string text = std::string("<tr") + (o.fits ? "" : " class=\"misfit\"") + ">";
  text += cell(std::to_string(row.index), static_cast<double>(row.index));
  for (const std::string& axis : axes) {
    const nlohmann::json value = config.contains(axis) ? config[axis] : nlohmann::json();
    text += value.is_number() ? cell(value.dump(), value.get<double>())
                              : "<td>" + escaped(value.is_string() ? value.get<std::string>() : value.dump()) + "</td>";
  }
  const double per_gpu = o.tokens_per_s / std::max(1, o.gpus);
  text += cell(grouped(o.gpus), o.gpus) + cell(human_seconds(o.step_time_s), o.step_time_s) + breakdown_cell(o) +
          cell(significant(per_gpu), per_gpu) + cell(significant(o.model_tflops_per_gpu), o.model_tflops_per_gpu) +
          cell(percent(o.mfu), o.mfu) + cell(percent(o.bubble_fraction), o.bubble_fraction) +
          cell(human_seconds(o.exposed_comm_s), o.exposed_comm_s) +
          cell(gib({o.reserved_bytes}), static_cast<double>(o.reserved_bytes)) +
          cell(o.fits ? "yes" : "no", o.fits ? 1 : 0);
  return text + "</tr>\n";
}

std::string counted_list(std::string_view title, const std::map<std::string, std::uint64_t>& counted) {
  if (counted.empty()) return "";
  std::string html = "<h2>" + std::string(title) + "</h2><table class=\"why\">";
  for (const auto& [n, text] : by_count(counted))
    html += "<tr><td>" + grouped(static_cast<std::int64_t>(n)) + "</td><td>" + escaped(text) + "</td></tr>";
  return html + "</table>";
}

}  // namespace

std::string sweep_page(const SweepResults& results, const Objective& by) {
  const std::vector<const Row*> best = ranked(results.rows, by), front = pareto_front(results.rows);
  std::string page = kHead;
  const std::string title = escaped("Sweep of " + results.meta.file);
  page.replace(page.find("$TITLE"), 6, title);
  page += "<h1>" + title + "</h1><small>" + grouped(static_cast<std::int64_t>(results.meta.points)) + " points, " +
          grouped(static_cast<std::int64_t>(best.size())) + " ran, " +
          grouped(static_cast<std::int64_t>(
              std::count_if(best.begin(), best.end(), [](auto* r) { return r->outcome.fits; }))) +
          " fit; Orrery " + escaped(results.meta.engine) + "</small>";
  if (!best.empty()) {
    page += "<p>Best by " + escaped(by.label) + ": <b>" + escaped(setting_of(*best.front())) + "</b>, " +
            human_seconds(best.front()->outcome.step_time_s) + " a step, " + percent(best.front()->outcome.mfu) +
            " MFU, " + gib({best.front()->outcome.reserved_bytes}) + " GiB.</p>";
    page +=
        "<h2>Step time against memory</h2><p class=\"note\">Grey does not fit. The line joins layouts that none beats "
        "in time, "
        "memory and GPUs at once. Point at a dot to read it.</p><div class=\"chart\">" +
        scatter(best, front) + "</div>";
    if (!results.meta.axes.empty())
      page +=
          "<h2>Settings and what came of them</h2><p class=\"note\">A line is a layout, the ten best in colour and on "
          "top. Point at one to read it.</p><div class=\"chart\">" +
          parallel_coordinates(best, results.meta.axes) + "</div>";
    page += breakdown_styles() +
            "<h2>Points</h2><p class=\"note\">Click a heading to sort by it; open a bar for its figures. Bars sort by "
            "the share of the step that is computing.";
    if (best.size() > kMostRows) page += " The best " + grouped(kMostRows) + " are shown; orrery sweep export has all.";
    page += "</p><div class=\"wide\"><table id=\"points\"><thead><tr><th>point</th>";
    for (const std::string& axis : results.meta.axes) page += "<th>" + escaped(axis) + "</th>";
    for (const char* name :
         {"GPUs", "step", "where it goes", "tokens/s/GPU", "TFLOP/s/GPU", "MFU", "bubble", "exposed", "GiB", "fits"})
      page += std::string("<th>") + name + "</th>";
    page += "</tr></thead><tbody>\n";
    for (std::size_t i = 0; i < std::min(kMostRows, best.size()); ++i) page += table_row(*best[i], results.meta.axes);
    page += "</tbody></table></div>" + breakdown_script();
  }
  page += counted_list("Why points did not run", reasons(results.rows));
  page += counted_list("Warnings, of how many points", warnings(results.rows));
  return page + kScript;
}

std::string sweep_plot(const SweepResults& results, const Objective& by) {
  constexpr const char* kStyle =
      "<style>text{font:12px system-ui,sans-serif;fill:#667085}.axis{stroke:#e4e7ec}.in{fill:#2f6fed}.out{fill:#c9ced8}"
      ".front{fill:none;stroke:#d9480f;stroke-width:1.5}.on{fill:#d9480f}</style>"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>";
  std::string drawing = scatter(ranked(results.rows, by), pareto_front(results.rows));
  drawing.insert(drawing.find('>') + 1, kStyle);
  drawing.insert(4, " xmlns=\"http://www.w3.org/2000/svg\"");
  return drawing + "\n";
}

}  // namespace orrery::report
