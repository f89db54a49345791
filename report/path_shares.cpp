#include "report/path_shares.h"
namespace orrery::report {
void fill_path(const sim::Workload&, const sim::Trace&, std::size_t, Explanation&) {}
}  // namespace orrery::report
