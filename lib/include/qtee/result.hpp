// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <system_error>

namespace qtee {

/// What QTEE, a TA or a callback object answered. Any 32-bit value can travel; the named ones mean the same in every
/// interface. From interface_base up, a number means what the interface in question says.
enum class Result : std::int32_t {
  ok = 0,
  error = 1,
  invalid = 2,
  size_in = 3,
  size_out = 4,
  memory = 5,
  interface_base = 10,

  defunct = -90,
  abort = -91,
  bad_object = -92,
  no_slots = -93,
  max_args = -94,
  max_data = -95,
  unavailable = -96,
  kernel_memory = -97,
  remote = -98,
  busy = -99,
  authentication = -100,
  replay = -101,
  max_replay = -102,
  timeout = -103,
};

/// The code's own name and its number: "BADOBJ (-92)"; "interface error 12" for one of an interface's own;
/// "unknown result 7" for a number that nothing defines.
std::string result_name(Result result);

/// True for the numbers that an interface defines for itself.
constexpr bool result_is_interface(Result result) noexcept { return result >= Result::interface_base; }

/// The category of results within std::error_code: value() is the number, message() is result_name().
const std::error_category& result_category() noexcept;

/// Lets a Result stand where a std::error_code is wanted, or be compared with one.
inline std::error_code make_error_code(Result result) noexcept { return {static_cast<int>(result), result_category()}; }

}  // namespace qtee

template <>
struct std::is_error_code_enum<qtee::Result> : std::true_type {};
