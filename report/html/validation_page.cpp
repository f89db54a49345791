#include "report/html/validation_page.h"

#include <algorithm>
#include <kainjow/mustache.hpp>

#include "report/html/charts.h"
#include "report/html/page_template.h"
#include "report/text.h"

namespace orrery::report {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;
using validate::Compared;

constexpr std::string_view kBody = R"html(<h1>{{title}}</h1>
<small>{{device}}, {{transport}}; {{steps}}</small>
<div class="figures">{{#figures}}<div class="figure">{{name}}<b>{{error}}</b><span class="note">{{predicted}} predicted, {{measured}} measured</span></div>{{/figures}}</div>

<h2>As predicted</h2>
<p class="note">One rank of each stage in the last step; both drawings have one scale. Actions of the schedule (F forward, B backward, I and W its halves; number:
micro-batch.chunk); below them transfers in progress. <button data-by="2">+</button> <button data-by="0.5">&minus;</button> <button data-by="0">whole step</button></p>
<div class="chart timeline">{{{predicted}}}</div>
<h2>As measured</h2>
<div class="chart timeline">{{{measured}}}</div>

<h2>By kind of op</h2>
<table class="n"><tr><th>all ranks of one step</th><th>count</th><th>predicted</th><th>measured</th><th>error</th></tr>
{{#kinds}}<tr><td>{{name}}</td><td>{{count}}</td><td>{{predicted}}</td><td>{{measured}}</td><td>{{error}}</td></tr>
{{/kinds}}</table>

<h2>By rank</h2>
<table class="n"><tr><th>rank</th><th>step, measured</th><th>step</th><th>busy</th><th>exposed</th><th>bubble</th><th>peak</th><th>order of starts (tau)</th></tr>
{{#ranks}}<tr><td>{{rank}}</td><td>{{measured}}</td><td>{{step}}</td><td>{{busy}}</td><td>{{exposed}}</td><td>{{bubble}}</td><td>{{peak}}</td><td>{{order}}</td></tr>
{{/ranks}}</table>
{{#hidden}}<p class="note">and {{hidden}} more ranks (--format json)</p>{{/hidden}}

<h2>What this rests on</h2>
<p class="note">Errors are predicted / measured - 1. The prediction was made before anything was run.</p>
<ul>{{#notes}}<li>{{.}}</li>{{/notes}}</ul>
<p class="note">Orrery {{version}}</p>
)html";

constexpr std::size_t kMostRanks = 64;

std::string error_text(const Compared& c) {
  const auto error = c.error();
  return error ? signed_percent(*error) : "-";
}

data compared(const std::string& name, const std::string& predicted, const std::string& measured,
              const std::string& error) {
  data row;
  row.set("name", name);
  row.set("predicted", predicted);
  row.set("measured", measured);
  row.set("error", error);
  return row;
}

data time_row(const std::string& name, const Compared& c) {
  return compared(name, human_seconds(c.predicted), human_seconds(c.measured), error_text(c));
}

std::string gib_of(double bytes) {
  return gib(Bytes{static_cast<std::int64_t>(bytes)}) + " GiB";
}

data memory_row(const std::string& name, const Compared& c) {
  return compared(name, gib_of(c.predicted), gib_of(c.measured), error_text(c));
}

data figures(const validate::Comparison& c) {
  data rows{data::type::list};
  rows << time_row("Step", c.step_s);
  rows << compared("Waiting, share of the step", percent(c.bubble_fraction.predicted),
                   percent(c.bubble_fraction.measured),
                   fixed(100 * (c.bubble_fraction.predicted - c.bubble_fraction.measured), 2) + " points");
  rows << time_row("Exposed communication", c.exposed_s);
  rows << memory_row("Peak memory", c.peak_bytes);
  if (c.reserved_bytes) rows << memory_row("Reserved", *c.reserved_bytes);
  if (c.runtime_bytes) rows << memory_row("Context and libraries", *c.runtime_bytes);
  return rows;
}

data kinds(const validate::Comparison& c) {
  data rows{data::type::list};
  for (const validate::ComparedClass& one : c.classes) {
    data row = time_row(one.name, one.time_s);
    row.set("count", grouped(one.count));
    rows << row;
  }
  return rows;
}

data ranks(const validate::Comparison& c) {
  data rows{data::type::list};
  for (std::size_t i = 0; i < std::min(c.ranks.size(), kMostRanks); ++i) {
    const validate::ComparedRank& r = c.ranks[i];
    data row;
    row.set("rank", std::to_string(r.rank.value));
    row.set("measured", human_seconds(r.step_s.measured));
    row.set("step", error_text(r.step_s));
    row.set("busy", error_text(r.busy_s));
    row.set("exposed", error_text(r.exposed_s));
    row.set("bubble", error_text(r.bubble_s));
    row.set("peak", error_text(r.peak_bytes));
    row.set("order", fixed(r.order_tau, 4));
    rows << row;
  }
  return rows;
}

}  // namespace

std::string validation_page(const ValidationPage& input) {
  const Validation& v = input.validation;
  const Duration scale = std::max(input.predicted.to - input.predicted.from, input.measured.to - input.measured.from);
  const auto chart = [&](const ShownStep& step) {
    return timeline_chart(step.timeline, input.ranks, input.run, step.from, step.from + scale);
  };
  data page;
  page.set("title", v.prediction.scenario.empty() ? v.prediction.file : v.prediction.scenario);
  page.set("device", v.device);
  page.set("transport", v.transport);
  page.set("steps", measured_steps(v.comparison));
  page.set("figures", figures(v.comparison));
  page.set("predicted", chart(input.predicted));
  page.set("measured", chart(input.measured));
  page.set("kinds", kinds(v.comparison));
  page.set("ranks", ranks(v.comparison));
  if (v.comparison.ranks.size() > kMostRanks)
    page.set("hidden", std::to_string(v.comparison.ranks.size() - kMostRanks));
  data notes{data::type::list};
  for (const std::string& note : v.notes) notes << data{note};
  notes << data{"order of op starts: Kendall's tau " + fixed(v.comparison.order_tau, 4) + " (lowest rank)"};
  page.set("notes", notes);
  page.set("version", ORRERY_VERSION);
  mustache view{page_around(kBody)};
  return view.render(page);
}

}  // namespace orrery::report
