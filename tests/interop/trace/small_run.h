#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "interop/trace/write/trace_writer.h"
#include "sim/program.h"

namespace orrery::interop {

inline Time at_ns(std::int64_t ns) {
  return Time::at(Duration::ns(ns));
}

// A folder of its own that goes away with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "orrery-trace-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Pairs of ranks (2i, 2i+1): the even one computes the forward of micro-batch 3
// and sends it, the odd one receives it and computes. `told` copies the spans
// that an engine would tell of pair 0.
//
//   even, compute   |begin| alloc | gemm 10-20 | free |end|
//   even, pp                                   send 20-40 (met at 30)
//   odd,  pp                                      receive 30-40
//   odd,  compute                                            gemm 40-50.5
struct SmallRun {
  explicit SmallRun(std::uint32_t pairs = 1, const std::string& kernel_name = "gemm qkv") {
    workload.categories = {{"compute", false}, {"pp", true}};
    workload.causes = {"parameters", "activations"};
    workload.link_kinds = {"nvlink", "nic"};
    workload.links.add({BytesPerSecond{450'000'000'000}, 0});
    workload.links.add({BytesPerSecond{50'000'000'000}, 1});
    sender = workload.programs.add(sending_program(kernel_name));
    receiver = workload.programs.add(receiving_program(kernel_name));
    std::vector<sim::PeerRoleInfo>& roles = workload.peer_roles.edit();
    roles = {{"next stage", {}}, {"previous stage", {}}};
    for (std::uint32_t i = 0; i < pairs; ++i) {
      workload.program_of.add(sender);
      workload.program_of.add(receiver);
      roles[0].peer_of.add({2 * i + 1});
      roles[0].peer_of.add(RankId::none());
      roles[1].peer_of.add(RankId::none());
      roles[1].peer_of.add({2 * i});
    }
  }

  static sim::Program sending_program(const std::string& kernel_name) {
    sim::ProgramBuilder builder("stage 0");
    const auto main = builder.add_stream("compute"), pp = builder.add_stream("pp");
    const std::uint32_t buffer = builder.buffer(Bytes{1000}, 1, builder.label("activations"));
    builder.marker(main, {sim::Marker::Kind::action_begin, 'F', 0, 3});
    builder.allocate(main, buffer);
    const auto gemm =
        builder.kernel(main, Duration::ns(10), 0, sim::KernelClass::compute_bound, builder.label(kernel_name));
    builder.free(main, buffer);
    builder.marker(main, {sim::Marker::Kind::action_end, 'F', 0, 3});
    builder.marker(main, {sim::Marker::Kind::step_end});
    builder.wait(pp, gemm);
    builder.send(pp, {sim::TransferKind::point_to_point, 0, 7, Bytes{4096}}, 1, builder.label("send F3.0"));
    return std::move(builder).finish();
  }

  static sim::Program receiving_program(const std::string& kernel_name) {
    sim::ProgramBuilder builder("stage 1");
    const auto main = builder.add_stream("compute"), pp = builder.add_stream("pp");
    builder.receive(pp, {sim::TransferKind::point_to_point, 1, 7, Bytes{4096}}, 1, builder.label("recv F3.0"));
    builder.kernel(main, Duration::ns(10), 0, sim::KernelClass::compute_bound, builder.label(kernel_name));
    builder.marker(main, {sim::Marker::Kind::step_end});
    return std::move(builder).finish();
  }

  // The spans of a pair, as the ranks `even` and `odd` of the run, `later` than in the picture.
  static void tell(sim::TraceSink& sink, std::uint32_t even = 0, std::uint32_t odd = 1, std::int64_t later = 0,
                   std::uint16_t step = 1) {
    const auto span = [&](std::uint32_t rank, sim::StreamIndex stream, sim::OpIndex op, std::int64_t start,
                          std::int64_t met, std::int64_t end) {
      if (sink.wants({rank}))
        sink.span({{rank}, stream, step, op, at_ns(later + start), at_ns(later + met), at_ns(later + end)});
    };
    span(even, 0, 0, 10, 10, 10);
    span(even, 0, 1, 10, 10, 10);
    span(even, 0, 2, 10, 10, 20);
    span(even, 0, 3, 20, 20, 20);
    span(even, 0, 4, 20, 20, 20);
    span(even, 1, 0, 20, 30, 40);
    span(odd, 1, 0, 30, 30, 40);
    if (sink.wants({odd}))
      sink.span({{odd},
                 0,
                 step,
                 0,
                 at_ns(later + 40),
                 at_ns(later + 40),
                 Time::at(Duration::ns(later + 50) + Duration::ps(500))});
  }

  TraceContext context(TraceFilter filter = {}) const { return {&workload, nullptr, std::move(filter)}; }

  sim::Workload workload;
  ProgramId sender, receiver;
};

}  // namespace orrery::interop
