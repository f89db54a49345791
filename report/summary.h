#pragma once

#include <string>

#include "report/result.h"

namespace orrery::report {

struct Style {
  bool color = false;  // never the only carrier of meaning
};

// The report of `orrery run` for people. Its first line says whether it fits.
std::string summary(const Result& result, const Style& style = {});

// The memory table of the report: a row a stage, a column a cause, in GiB.
std::string memory_table(const Memory& memory);

// "fits: 61.2 of 80.0 GiB …"
std::string fits_line(const Memory& memory, const Style& style = {});

// Every warning, every assumption, then every default that the scenario left to us.
std::string notes(const Result& result);

}  // namespace orrery::report
