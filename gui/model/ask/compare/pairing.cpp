#include "gui/model/ask/compare/pairing.h"

#include <algorithm>

#include "gui/model/ask/compare/alignment.h"
#include "gui/model/ask/compare/row_pairer.h"
#include "gui/model/ask/compare/track_pairs.h"

namespace orrery::gui {

Pairing::Pairing(const TraceModel& a, const TraceModel& b, const Alignment& alignment, const GoOn& go_on) {
  Tally tally(go_on, a.kinds().size() + b.kinds().size() + a.events() + b.events());
  track_in_b_ = pair_tracks(a, b, tally);
  tracks_only_in_b_ = left_out(track_in_b_, b.tracks().size());
  counter_in_b_ = pair_counters(a, b);
  pair_events(a, b, alignment, tally);
}

void Pairing::pair_events(const TraceModel& a, const TraceModel& b, const Alignment& alignment, Tally& tally) {
  in_b_.resize(a.rows().size());
  in_a_.resize(b.rows().size());
  differences_.resize(b.rows().size());
  SharedWork works;
  const Identities of_a(a, alignment.steps_a(), works, tally), of_b(b, alignment.steps_b(), works, tally);
  RowPairer pairer(of_a, of_b, alignment.offset(), works.size());
  for (std::uint32_t t = 0; t < track_in_b_.size(); ++t) {
    if (track_in_b_[t] == kNone) continue;
    const Track &left = a.tracks()[t], &right = b.tracks()[track_in_b_[t]];
    for (std::uint32_t level = 0; level < std::min(left.rows, right.rows) && !tally.stopped(); ++level) {
      const std::uint32_t row_a = left.first_row + level, row_b = right.first_row + level;
      RowPairs pairs = pairer.pair(a.rows()[row_a], b.rows()[row_b], tally);
      in_b_[row_a] = {row_b, std::move(pairs.of_a)};
      in_a_[row_b] = {row_a, std::move(pairs.of_b)};
      differences_[row_b] = std::move(pairs.differences);
      pairs_ += pairs.count;
    }
  }
}

}  // namespace orrery::gui
