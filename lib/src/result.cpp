// SPDX-License-Identifier: BSD-3-Clause
#include "qtee/result.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "qtee/error.hpp"

namespace qtee {
namespace {

constexpr std::array<std::pair<Result, std::string_view>, 20> kNames{{
    {Result::ok, "OK"},
    {Result::error, "ERROR"},
    {Result::invalid, "INVALID"},
    {Result::size_in, "SIZE_IN"},
    {Result::size_out, "SIZE_OUT"},
    {Result::memory, "MEM"},
    {Result::defunct, "DEFUNCT"},
    {Result::abort, "ABORT"},
    {Result::bad_object, "BADOBJ"},
    {Result::no_slots, "NOSLOTS"},
    {Result::max_args, "MAXARGS"},
    {Result::max_data, "MAXDATA"},
    {Result::unavailable, "UNAVAIL"},
    {Result::kernel_memory, "KMEM"},
    {Result::remote, "REMOTE"},
    {Result::busy, "BUSY"},
    {Result::authentication, "AUTH"},
    {Result::replay, "REPLAY"},
    {Result::max_replay, "MAXREPLAY"},
    {Result::timeout, "TIMEOUT"},
}};

class ResultCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "qtee"; }
  std::string message(int value) const override { return result_name(static_cast<Result>(value)); }
};

}  // namespace

std::string result_name(Result result) {
  const std::string number = std::to_string(static_cast<std::int32_t>(result));
  for (const auto& [known, name] : kNames) {
    if (known == result) return std::string(name) + " (" + number + ")";
  }
  return (result_is_interface(result) ? "interface error " : "unknown result ") + number;
}

const std::error_category& result_category() noexcept {
  static const ResultCategory category;
  return category;
}

void throw_error(const std::error_code& code, const std::string& doing) {
  if (code.category() == result_category()) throw Error(static_cast<Result>(code.value()), doing);
  throw std::system_error(code, doing);
}

}  // namespace qtee
