#pragma once

namespace orrery::cli {

// Lets the heap grow in large steps, on large pages where the system has them.
// A short run on a large cluster spends a third of its time on the faults of
// small pages otherwise.
void prepare_heap();

}  // namespace orrery::cli
