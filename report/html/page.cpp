#include "report/html/page.h"

#include <kainjow/mustache.hpp>

#include "models/layout/layer_degrees.h"
#include "models/layout/layout.h"
#include "report/html/charts.h"
#include "report/html/page_template.h"
#include "report/jobs.h"
#include "report/summary.h"
#include "report/text.h"

namespace orrery::report {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;

constexpr std::string_view kBody = R"html(<h1>{{title}}</h1>
<small>{{#setup}}{{name}} {{value}} &nbsp; {{/setup}}</small>
<div class="figures">{{#figures}}<div class="figure">{{name}}<b>{{value}}</b><span class="note">{{note}}</span></div>{{/figures}}</div>

<h2>The step, one rank of each stage</h2>
<p class="note">Actions of the schedule (F forward, B backward, I and W its halves; number: micro-batch.chunk); below them transfers in progress,
in the colours of the table below.
Point at a mark to read it. <button data-by="2">+</button> <button data-by="0.5">&minus;</button> <button data-by="0">whole step</button></p>
<div class="chart timeline">{{{timeline}}}</div>

<h2>Where the step goes</h2>
<div class="chart">{{{breakdown}}}</div>
<table class="n"><tr><th>mean over ranks</th><th>time</th><th>share</th></tr>
{{#parts}}<tr><td><svg class="key"><rect class="p-{{key}}" width="100%" height="100%"/></svg>{{name}}</td><td>{{value}}</td><td>{{note}}</td></tr>
{{/parts}}</table>

{{#any_path}}<h2>The critical path</h2>
<table class="n"><tr><th>what the step waits for</th><th>time</th><th>share</th></tr>
{{#path}}<tr><td>{{name}}</td><td>{{value}}</td><td>{{note}}</td></tr>
{{/path}}</table>
<details><summary>the ops that take most of it</summary><table class="n">
{{#longest}}<tr><td>{{name}}</td><td>{{value}}</td><td>{{note}}</td></tr>
{{/longest}}</table></details>{{/any_path}}

<h2>Memory over the step</h2>
<div class="chart">{{{memory}}}</div>
<table class="n"><tr><th>GiB, largest rank of</th><th>parameters</th><th>gradients</th><th>optimizer</th><th>activations</th><th>buffers</th><th>peak</th><th>reserved</th><th>in flight</th></tr>
{{#stages}}<tr><td>stage {{stage}}</td><td>{{parameters}}</td><td>{{gradients}}</td><td>{{optimizer}}</td><td>{{activations}}</td><td>{{buffers}}</td><td>{{peak}}</td><td>{{reserved}}</td><td>{{in_flight}}</td></tr>
{{/stages}}</table>

{{#any_links}}<h2>Busiest links</h2>
<table class="n"><tr><th>link</th><th>a step, each</th><th>used</th></tr>
{{#links}}<tr><td>{{name}}</td><td>{{value}}</td><td>{{note}}</td></tr>
{{/links}}</table>{{/any_links}}

{{#any_jobs}}<h2>Jobs on this fabric</h2>
<p class="note">Means over that many steps; timeline, critical path and memory over time are of all of them.</p>
<table class="n"><tr><th>job</th><th>on</th><th>steps</th><th>step</th><th>alone</th><th>slowdown</th></tr>
{{#jobs}}<tr><td>{{name}}</td><td>{{on}}</td><td>{{steps}}</td><td>{{step}}</td><td>{{alone}}</td><td>{{slowdown}}</td></tr>
{{/jobs}}</table>{{/any_jobs}}

{{#any_published}}<h2>Against what was measured</h2>
<table>{{#published}}<tr><td>{{name}}</td><td>{{value}}</td><td>{{note}}</td></tr>
{{/published}}</table>{{/any_published}}

<h2>What this rests on</h2>
{{#any_warnings}}<ul>{{#warnings}}<li>{{.}}</li>{{/warnings}}</ul>{{/any_warnings}}
{{#any_assumptions}}<ul>{{#assumptions}}<li>{{.}}</li>{{/assumptions}}</ul>{{/any_assumptions}}
{{#any_defaults}}<details><summary>values that nobody wrote</summary><ul>{{#defaults}}<li>{{.}}</li>{{/defaults}}</ul></details>{{/any_defaults}}
<p class="note">Orrery {{version}}; {{ranks}} ranks simulated.</p>
)html";

data pair_of(const std::string& name, const std::string& value, const std::string& note = "") {
  data row;
  row.set("name", name);
  row.set("value", value);
  row.set("note", note);
  return row;
}

data figures(const Result& r) {
  data rows{data::type::list};
  const Memory& m = r.memory;
  rows << pair_of(m.fits ? "Fits" : "Does not fit", gib(m.reserved + m.runtime) + " of " + gib(m.capacity) + " GiB",
                  gib(m.headroom()) + " GiB headroom");
  rows << pair_of("Step", human_seconds(r.step_time.seconds()), percent(r.bubble_fraction()) + " bubble");
  rows << pair_of("Tokens/s", with_prefix(r.tokens_per_s),
                  significant(r.tokens_per_s / std::max(1, r.gpus)) + " a GPU");
  rows << pair_of("MFU", percent(r.mfu), significant(r.model_tflops_per_gpu) + " TFLOP/s a GPU, " + r.peak_dtype);
  return rows;
}

data setup(const Result& r) {
  data rows{data::type::list};
  const models::LayoutSpec& l = r.layout;
  const std::string replicas = models::replicas_text(l);
  rows << pair_of("GPUs", grouped(r.gpus) + " x " + r.gpu);
  rows << pair_of("layout", "tp " + models::degrees_text(l) + ", cp " + std::to_string(l.cp) + ", pp " +
                                std::to_string(l.pp) + ", dp " + (replicas.empty() ? std::to_string(l.dp) : replicas) +
                                ", ep " + std::to_string(l.ep));
  rows << pair_of("schedule", r.schedule);
  rows << pair_of("digest", hex(r.digest.value()));
  return rows;
}

data parts(const Result& r) {
  data rows{data::type::list};
  for (const TimeParts::Part& part : TimeParts::all()) {
    const Duration time = r.time.*part.member;
    if (time <= Duration()) continue;
    data row = pair_of(part.label, human_seconds(time.seconds()), percent(time.seconds() / r.step_time.seconds()));
    row.set("key", part.key);
    rows << row;
  }
  return rows;
}

data stages(const Memory& memory) {
  data rows{data::type::list};
  for (const StageMemory& s : memory.stages) {
    data row;
    row.set("stage", std::to_string(s.stage));
    for (const auto& [key, bytes] : {std::pair{"parameters", s.parameters},
                                     {"gradients", s.gradients},
                                     {"optimizer", s.optimizer},
                                     {"activations", s.activations},
                                     {"buffers", s.buffers},
                                     {"peak", s.peak},
                                     {"reserved", s.reserved}})
      row.set(key, gib(bytes));
    row.set("in_flight", std::to_string(s.in_flight_micro_batches));
    rows << row;
  }
  return rows;
}

data links(const Result& r) {
  data rows{data::type::list};
  for (const BusyLink& link : r.busiest_links)
    rows << pair_of(link.name + (link.alike > 1 ? " and " + grouped(link.alike - 1) + " alike" : ""),
                    with_unit(static_cast<double>(link.bytes.n), "B"), percent(link.utilisation));
  return rows;
}

data jobs(const Result& r) {
  data rows{data::type::list};
  for (const models::JobTimes& job : r.jobs) {
    data row;
    row.set("name", job.name);
    row.set("on", nodes_of(job));
    row.set("steps", grouped(job.steps));
    row.set("step", human_seconds(job.together.seconds()));
    row.set("alone", human_seconds(job.alone.seconds()));
    row.set("slowdown", signed_percent(job.slowdown() - 1));
    rows << row;
  }
  return rows;
}

// Of what the page shows: one step, or as many as the mean is of.
Duration measured(const Result& r) {
  return r.step_time * (r.jobs.empty() ? 1 : r.jobs.front().steps);
}

data path(const std::vector<PathShare>& shares, Duration step) {
  data rows{data::type::list};
  for (const PathShare& s : shares)
    rows << pair_of(s.label, human_seconds(s.time.seconds()), percent(s.time.seconds() / step.seconds()));
  return rows;
}

data lines(const std::vector<std::string>& texts) {
  data rows{data::type::list};
  for (const std::string& text : texts) rows << data{text};
  return rows;
}

void set_list(data& page, const std::string& key, const data& list) {
  page.set("any_" + key, !list.list_value().empty());
  page.set(key, list);
}

data published(const Result& r) {
  data rows{data::type::list};
  for (const Published& p : r.published) {
    if (!p.predicted) continue;
    rows << pair_of(p.measured.metric,
                    significant(*p.predicted) + " predicted, " + significant(p.measured.value) + " published",
                    signed_percent(*p.predicted / p.measured.value - 1) + "; " + p.measured.source);
  }
  return rows;
}

constexpr int kStageNames = 56;  // how wide they are

std::vector<NamedParts> stage_bars(const std::vector<TimeParts>& stages) {
  std::vector<NamedParts> bars;
  for (const TimeParts& parts : stages) bars.push_back({"stage " + std::to_string(bars.size()), parts});
  return bars;
}

}  // namespace

std::string run_page(const RunPage& input) {
  const Result& r = input.result;
  data page;
  page.set("title", r.scenario.empty() ? r.file : r.scenario);
  page.set("fits", r.memory.fits);
  page.set("figures", figures(r));
  page.set("setup", setup(r));
  page.set("parts", parts(r));
  page.set("stages", stages(r.memory));
  page.set("timeline", timeline_chart(input.timeline, input.ranks, input.run, input.from, input.to));
  page.set("breakdown", breakdown_chart(stage_bars(input.stages), r.step_time, kStageNames));
  page.set("memory", memory_chart(input.memory, r.memory.capacity - r.memory.runtime));
  set_list(page, "links", links(r));
  set_list(page, "jobs", jobs(r));
  set_list(page, "path", path(input.why ? input.why->path_by_category : std::vector<PathShare>(), measured(r)));
  set_list(page, "longest", path(input.why ? input.why->longest_on_path : std::vector<PathShare>(), measured(r)));
  set_list(page, "published", published(r));
  set_list(page, "warnings", lines(r.warnings));
  set_list(page, "assumptions", lines(r.assumptions));
  set_list(page, "defaults", lines(r.defaults_used));
  page.set("ranks", grouped(static_cast<std::int64_t>(r.ranks_simulated)));
  page.set("version", ORRERY_VERSION);
  mustache view{page_around(kBody)};
  return view.render(page);
}

}  // namespace orrery::report
