#pragma once

#include <functional>
#include <string>
#include <vector>

#include "validate/probe/session/block.h"

namespace orrery::validate {

struct SessionOptions {
  std::string folder;        // where finished blocks are kept; empty: nowhere
  std::string gpu;           // that is measured
  std::uint64_t digest = 0;  // of the machine and its software: what another measured is not taken over
  double pace = 1;           // what a block may take of its budget
  std::function<void(const std::string&)> tell = [](const std::string&) {};  // a line on how it goes
};

struct Session {
  models::Calibration measured;  // of all blocks that are finished
  std::size_t finished = 0, resumed = 0;
  bool interrupted = false;
  Errors faults;
};

// Measures the blocks one after the other. One that was finished before, with the
// same digests, is read from the folder; each that is finished now is on the disk
// before the next begins. A sentinel product is timed before and after each block,
// and a block in which it moves by more than 2 % is measured again, twice at most.
Session run_blocks(const std::vector<Block>& blocks, Bench& bench, const SessionOptions& options);

// The product that is timed before and after each block.
models::Kernel sentinel();

// Takes what `part` measured into `whole`.
void merge(models::Calibration part, models::Calibration& whole);

}  // namespace orrery::validate
