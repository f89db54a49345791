#include "sim/base/result.h"

namespace orrery {

std::string to_string(const Error& error) {
  std::string text = error.where.file;
  if (error.where.line > 0) {
    text += ':' + std::to_string(error.where.line);
    if (error.where.column > 0) text += ':' + std::to_string(error.where.column);
  }
  if (!text.empty()) text += ": ";
  return text + error.what;
}

}  // namespace orrery
