#include "report/plan/plan_page.h"

#include <kainjow/mustache.hpp>

#include "report/html/page_template.h"
#include "report/plan/plan_charts.h"
#include "report/plan/plan_tables.h"
#include "report/text.h"

namespace orrery::report {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;

constexpr std::string_view kBody =
    R"html(<style>.in{fill:#2f6fed}.out{fill:#c9ced8}.on{fill:#d9480f}.axis{fill:none;stroke:var(--line)}pre{white-space:pre-wrap;overflow-wrap:anywhere}</style>
<h1>{{title}}</h1>
<small>{{setup}}</small>
{{#any_best}}<div class="figures">{{#figures}}<div class="figure">{{name}}<b>{{value}}</b><span class="note">{{note}}</span></div>{{/figures}}</div>
<pre>{{settings}}</pre>{{/any_best}}
{{#any_sizes}}<h2>Sizes of the cluster</h2>
{{#any_chart}}<p class="note">Each dot is a size under its fastest layout; grey goes beyond the budget. Point at one to read it.</p>
<div class="chart">{{{sizes_chart}}}</div>{{/any_chart}}
<table class="n"><tr>{{#heads}}<th>{{.}}</th>{{/heads}}</tr>
{{#sizes}}<tr>{{#cells}}<td>{{.}}</td>{{/cells}}</tr>
{{/sizes}}</table>{{/any_sizes}}
{{#any_best}}<h2>The fastest layouts{{of_size}}</h2>
<p class="note">Where their steps go, mean over ranks. Point at a part to read it.</p>
<div class="chart">{{{layouts_chart}}}</div>
<p>{{#keys}}<svg class="key"><rect class="p-{{key}}" width="100%" height="100%"/></svg>{{name}} &nbsp; {{/keys}}</p>
<table class="n"><tr>{{#layout_heads}}<th>{{.}}</th>{{/layout_heads}}</tr>
{{#layouts}}<tr>{{#cells}}<td>{{.}}</td>{{/cells}}</tr>
{{/layouts}}</table>{{/any_best}}
{{#any_limits}}<h2>What limits it</h2>
<p class="note">The fastest layout's step with more of one thing; where another layout is the fastest then, that one's.</p>
<div class="chart">{{{limits_chart}}}</div>{{/any_limits}}
<h2>How it was found</h2>
<p>{{how}}</p>
{{#any_reasons}}<table class="n"><tr><th>why layouts were left out</th><th>how many</th></tr>
{{#reasons}}<tr><td>{{name}}</td><td>{{value}}</td></tr>
{{/reasons}}</table>{{/any_reasons}}
{{#any_rests}}<h2>What this rests on</h2>
<ul>{{#rests}}<li>{{.}}</li>{{/rests}}</ul>{{/any_rests}}
<p class="note">Orrery {{version}}</p>
)html";

data list_of(const std::vector<std::string>& texts) {
  data list{data::type::list};
  for (const std::string& text : texts) list << data{text};
  return list;
}

void set_table(data& page, const std::string& heads, const std::string& rows, const PlanTable& table) {
  page.set(heads, list_of(table.head));
  data list{data::type::list};
  for (const std::vector<std::string>& cells : table.rows) {
    data row;
    row.set("cells", list_of(cells));
    list << row;
  }
  page.set(rows, list);
}

data named(const std::string& name, const std::string& value, const std::string& note = "") {
  data one;
  one.set("name", name);
  one.set("value", value);
  one.set("note", note);
  return one;
}

void add_sizes(const Plans& plans, data& page) {
  page.set("any_sizes", plans.sizes.size() > 1);
  if (plans.sizes.size() < 2) return;
  const std::string chart = sizes_chart(plans);
  page.set("any_chart", !chart.empty());
  page.set("sizes_chart", chart);
  set_table(page, "heads", "sizes", sizes_table(plans));
}

void add_figures(const Plans& plans, const PlanReport& plan, data& page) {
  const Result& best = plan.results.front();
  data figures{data::type::list};
  figures << named("the fastest layout", layout_in_words(best), grouped(best.gpus) + " " + best.gpu);
  figures << named("a step", human_seconds(best.step_time.seconds()), with_prefix(best.tokens_per_s) + " tokens/s");
  figures << named("of the peak", percent(best.mfu), significant(best.model_tflops_per_gpu) + " TFLOP/s a GPU");
  figures << named("memory to spare", gib(best.memory.headroom()) + " GiB", "of " + gib(best.memory.capacity));
  if (plans.training.tokens > 0) {
    const Bill bill = bill_of(plans.training, plan.scenario, best);
    figures << named(with_prefix(plans.training.tokens) + " tokens", amount(bill.days) + " days",
                     amount(bill.gpu_hours) + " GPU-hours");
    if (bill.cost > 0)
      figures << named("cost", amount(bill.cost),
                       bill.megawatt_hours > 0 ? amount(bill.megawatt_hours) + " MWh at rated power" : "");
  }
  page.set("figures", figures);
  page.set("settings", settings_text(plan, 0));
}

void add_layouts(const PlanReport& plan, data& page) {
  page.set("layouts_chart", layouts_chart(plan));
  data keys{data::type::list};
  for (const TimeParts::Part& part : TimeParts::all()) {
    data key = named(part.label, "");
    key.set("key", part.key);
    keys << key;
  }
  page.set("keys", keys);
  set_table(page, "layout_heads", "layouts", layouts_table(plan));
}

void add_reasons(const sweep::SearchResult& search, data& page) {
  data rows{data::type::list};
  for (const auto& [reason, n] : search.ruled_out) rows << named(reason, grouped(static_cast<std::int64_t>(n)));
  page.set("any_reasons", !search.ruled_out.empty());
  page.set("reasons", rows);
}

}  // namespace

std::string plan_page(const Plans& plans) {
  const PlanReport& plan = plans.chosen ? plans.sizes[*plans.chosen] : plans.sizes.back();
  const bool any = !plan.results.empty();
  data page;
  page.set("title", "A plan for " + plan.scenario.model.name);
  page.set("setup", cluster_in_words(plans.sizes));
  page.set("version", ORRERY_VERSION);
  page.set("any_best", any);
  page.set("of_size", plans.sizes.size() > 1 ? " of " + grouped(plan.gpus) + " GPUs" : "");
  add_sizes(plans, page);
  if (any) {
    add_figures(plans, plan, page);
    add_layouts(plan, page);
  }
  page.set("any_limits", plans.limits.has_value());
  if (plans.limits) page.set("limits_chart", limits_chart(*plans.limits, plan.results.front()));
  page.set("how", search_in_words(plan));
  add_reasons(plan.search, page);
  std::vector<std::string> rests;
  if (any) {
    rests = plan.results.front().warnings;
    rests.insert(rests.end(), plan.results.front().assumptions.begin(), plan.results.front().assumptions.end());
  }
  page.set("any_rests", !rests.empty());
  page.set("rests", list_of(rests));
  mustache view{page_around(kBody)};
  return view.render(page);
}

}  // namespace orrery::report
