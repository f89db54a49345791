#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/compile/pieces/chunks.h"
#include "models/compile/stage/stage_context.h"

namespace orrery::models {

// Sizes that a stage's program has of its pieces and of the messages between stages, one after the other: stages whose
// pieces are alike (piece_forms.h) have lists of one length, item by item for the same thing.
struct StageSizes {
  // What buffers are for, as their labels say.
  enum class Use : std::uint8_t { activations, workspace, output, gathered, inputs };
  struct Held {
    Use use = Use::activations;
    Bytes bytes;
    std::uint16_t parts = 0;
    bool operator==(const Held&) const = default;
  };

  StageSizes(const StageContext& context, const Chunks& chunks);

  std::vector<Held> held;            // the last: of one message, as several stage inputs are held in one buffer
  std::vector<sim::Transfer> moved;  // point to point: to nobody in particular

 private:
  void add(const PieceTemplate& piece);
};

// Of labels of buffers; none: such a buffer has a size of parameters.
std::vector<std::optional<StageSizes::Use>> uses_of(const SharedList<std::string>& labels);

}  // namespace orrery::models
