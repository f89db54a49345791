#include "report/jobs.h"

#include <nlohmann/json.hpp>

#include "report/text.h"

namespace orrery::report {

using nlohmann::ordered_json;

std::string nodes_text(int first, int nodes) {
  const std::string from = std::to_string(first);
  return nodes == 1 ? "node " + from : "nodes " + from + "-" + std::to_string(first + nodes - 1);
}

std::string nodes_of(const models::JobTimes& job) {
  return nodes_text(job.first_node, job.nodes);
}

std::string jobs_table(const Result& r) {
  Table table("ll");
  std::vector<std::string> head = {"", "on", "step", "alone", "slowdown"};
  if (!r.job_intervals.empty()) head.insert(head.end(), {"step, 9 of 10 draws", "slowdown, 9 of 10 draws"});
  table.row(head);
  for (std::size_t i = 0; i < r.jobs.size(); ++i) {
    const models::JobTimes& job = r.jobs[i];
    std::vector<std::string> row = {job.name, nodes_of(job), human_seconds(job.together.seconds()),
                                    human_seconds(job.alone.seconds()), signed_percent(job.slowdown() - 1)};
    if (i < r.job_intervals.size()) {
      const JobInterval& of = r.job_intervals[i];
      row.push_back(human_seconds(of.step.low.seconds()) + " to " + human_seconds(of.step.high.seconds()));
      row.push_back(signed_percent(of.slowdown_low - 1) + " to " + signed_percent(of.slowdown_high - 1));
    }
    table.row(row);
  }
  return table.str();
}

std::string jobs_json(const Result& r) {
  ordered_json out = ordered_json::array();
  for (const models::JobTimes& job : r.jobs)
    out.push_back({{"name", job.name},
                   {"file", job.file},
                   {"first_node", job.first_node},
                   {"nodes", job.nodes},
                   {"gpus", job.gpus},
                   {"steps", job.steps},
                   {"step_time_s", job.together.seconds()},
                   {"step_time_alone_s", job.alone.seconds()},
                   {"slowdown", job.slowdown()}});
  for (std::size_t i = 0; i < r.job_intervals.size(); ++i) {
    const JobInterval& of = r.job_intervals[i];
    out[i]["intervals"] = {{"draws", of.step.draws},
                           {"step_time_s", {{"low", of.step.low.seconds()}, {"high", of.step.high.seconds()}}},
                           {"slowdown", {{"low", of.slowdown_low}, {"high", of.slowdown_high}}}};
  }
  return out.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace orrery::report
