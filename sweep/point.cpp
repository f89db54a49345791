#include "sweep/point.h"

namespace orrery::sweep {

std::string_view to_string(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::infeasible:
      return "infeasible";
    case Status::pruned:
      return "pruned";
    case Status::timeout:
      return "timeout";
    case Status::failed:
      return "failed";
  }
  return "failed";
}

}  // namespace orrery::sweep
