#pragma once

#include <cstdint>
#include <string_view>

#include "sim/base/amount.h"
#include "sim/base/result.h"

namespace orrery {

// Texts with a unit, as people write them. The grammar:
//
//   quantity = number [space] [prefix] unit
//   number   = decimal, optional exponent, '_' between digits; no locale
//   prefix   = k K M G T P (powers of 1000) | Ki Mi Gi Ti Pi (powers of 1024)
//   unit     = b | B (bit, byte; case matters), with /s or 'ps' for rates;
//              FLOP, FLOP/s, FLOPS; ns us µs ms s min h; W J K; %
//   count    = number [prefix], and no unit
//
// "400 Gb/s" and "50 GB/s" are the same rate; "400 GB/s" is not. A bare number
// where a unit is due is an error that names the unit.
Result<Bytes> parse_bytes(std::string_view text, const Where& where);
Result<BytesPerSecond> parse_bandwidth(std::string_view text, const Where& where);
Result<FlopsPerSecond> parse_flop_rate(std::string_view text, const Where& where);
Result<Watts> parse_power(std::string_view text, const Where& where);
Result<Duration> parse_duration(std::string_view text, const Where& where);
Result<std::int64_t> parse_count(std::string_view text, const Where& where);
Result<double> parse_number(std::string_view text, const Where& where);
Result<bool> parse_bool(std::string_view text, const Where& where);

}  // namespace orrery
