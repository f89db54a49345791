#include "cli/mpi/mpi_crew.h"

#include <mpi.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "sweep/crew/wire.h"

namespace orrery::cli {

namespace {

using Clock = std::chrono::steady_clock;

enum Tag : int { kAsk = 1, kDecline = 2, kPoints = 3 };

constexpr std::size_t kBatch = 100;  // rows to keep at once, as on one machine
constexpr auto kLongest = std::chrono::seconds(1);
constexpr auto kNap = std::chrono::milliseconds(1);
constexpr double kChunkSeconds = 0.25;  // of work to hand out at once
constexpr std::size_t kLargestChunk = 64;

// What somebody has sent, if anybody has.
struct Letter {
  int from = 0, tag = 0;
  std::string text;
};

std::optional<Letter> next_letter() {
  int there = 0, length = 0;
  MPI_Status status;
  MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status);
  if (there == 0) return std::nullopt;
  MPI_Get_count(&status, MPI_CHAR, &length);
  Letter letter{status.MPI_SOURCE, status.MPI_TAG, std::string(static_cast<std::size_t>(length), '\0')};
  MPI_Recv(letter.text.data(), length, MPI_CHAR, letter.from, letter.tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  return letter;
}

void send(const std::string& text, int to, int tag) {
  MPI_Send(text.data(), static_cast<int>(text.size()), MPI_CHAR, to, tag, MPI_COMM_WORLD);
}

// The leader's side.
class Handout {
 public:
  Handout(std::span<const std::uint64_t> points, const std::function<Errors(std::span<const sweep::Row>)>& keep,
          const sweep::PoolOptions& options, int followers)
      : points_(points), keep_(keep), options_(options), working_(followers), followers_(followers) {}

  Errors run() {
    while (working_ > 0) {
      const std::optional<Letter> letter = next_letter();
      if (letter)
        answer(*letter);
      else
        std::this_thread::sleep_for(kNap);
      const bool is_due = !rows_.empty() && (rows_.size() >= kBatch || Clock::now() - kept_ > kLongest);
      if (is_due) keep();
    }
    keep();
    return std::move(errors_);
  }

 private:
  void answer(const Letter& letter) {
    if (letter.tag == kDecline) {
      errors_.push_back(
          {{}, "process " + std::to_string(letter.from) + " cannot take part: " + letter.text, Fault::io});
      --working_;
      return;
    }
    take(letter.text);
    const std::vector<std::uint64_t> chunk = next_chunk();
    if (chunk.empty()) --working_;
    MPI_Send(chunk.data(), static_cast<int>(chunk.size()), MPI_UINT64_T, letter.from, kPoints, MPI_COMM_WORLD);
  }

  void take(const std::string& text) {
    Result<std::vector<sweep::Row>> rows = sweep::unpack(text);
    if (!rows) {
      failed(std::move(rows).errors());
      return;
    }
    for (sweep::Row& row : *rows) {
      seconds_ += row.outcome.wall_s;
      ++done_;
      rows_.push_back(std::move(row));
    }
  }

  // As much as takes a moment, and at the end less, so that all end together.
  std::vector<std::uint64_t> next_chunk() {
    const bool stopped = gives_up_ || (options_.stop && options_.stop->load());
    if (stopped) next_ = points_.size();
    const std::size_t left = points_.size() - next_;
    const double each = done_ > 0 ? seconds_ / static_cast<double>(done_) : kChunkSeconds;
    const auto wanted = static_cast<std::size_t>(kChunkSeconds / std::max(each, 1e-6));
    const std::size_t share = left / (2 * static_cast<std::size_t>(followers_));
    const std::size_t size = std::min(left, std::clamp<std::size_t>(std::min(wanted, share), 1, kLargestChunk));
    const auto chunk = points_.subspan(next_, size);
    next_ += size;
    return {chunk.begin(), chunk.end()};
  }

  void keep() {
    kept_ = Clock::now();
    if (rows_.empty()) return;
    if (!gives_up_)
      if (Errors errors = keep_(rows_); !errors.empty()) failed(std::move(errors));
    if (options_.seen) options_.seen(rows_);
    rows_.clear();
  }

  void failed(Errors errors) {
    gives_up_ = true;
    errors_.insert(errors_.end(), errors.begin(), errors.end());
  }

  std::span<const std::uint64_t> points_;
  const std::function<Errors(std::span<const sweep::Row>)>& keep_;
  const sweep::PoolOptions& options_;
  int working_, followers_;
  std::size_t next_ = 0, done_ = 0;
  double seconds_ = 0;  // that points have taken so far
  bool gives_up_ = false;
  std::vector<sweep::Row> rows_;
  Clock::time_point kept_ = Clock::now();
  Errors errors_;
};

}  // namespace

MpiCrew::MpiCrew() {
  MPI_Comm_size(MPI_COMM_WORLD, &size_);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
}

Errors MpiCrew::lead(std::span<const std::uint64_t> points,
                     const std::function<Errors(std::span<const sweep::Row>)>& keep,
                     const sweep::PoolOptions& options) {
  return Handout(points, keep, options, size_ - 1).run();
}

std::vector<std::uint64_t> MpiCrew::ask(const std::string& rows) {
  send(rows, 0, kAsk);
  int length = 0;
  MPI_Status status;
  MPI_Probe(0, kPoints, MPI_COMM_WORLD, &status);
  MPI_Get_count(&status, MPI_UINT64_T, &length);
  std::vector<std::uint64_t> points(static_cast<std::size_t>(length));
  MPI_Recv(points.data(), length, MPI_UINT64_T, 0, kPoints, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  return points;
}

void MpiCrew::follow(const sweep::Evaluate& evaluate, const sweep::PoolOptions& options) {
  std::vector<sweep::Row> rows;
  for (;;) {
    const std::vector<std::uint64_t> points = ask(sweep::pack(rows));
    if (points.empty()) return;
    rows.clear();
    for (const std::uint64_t point : points) {
      if (options.stop && options.stop->load()) break;
      rows.push_back(evaluate(point));
    }
  }
}

void MpiCrew::decline(const Errors& errors) {
  send(errors.empty() ? "no reason given" : to_string(errors.front()), 0, kDecline);
}

}  // namespace orrery::cli
