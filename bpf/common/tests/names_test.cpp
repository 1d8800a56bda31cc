// SPDX-License-Identifier: BSD-3-Clause
//
// The tools' names are those that the events print: the macros of names.h, which here yield a name as the kernel would.
#include "names.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace qtee::bpf {
namespace {

using Names = std::vector<std::pair<std::int64_t, std::string>>;

std::string symbolic(std::int64_t value, const Names& names) {
  for (const auto& [number, name] : names)
    if (number == value) return name;
  return "";
}

#define __print_symbolic(value, ...) symbolic(value, Names{__VA_ARGS__})
#define __print_flags(value, delimiter, ...) symbolic(value, Names{__VA_ARGS__})
#include "names.h"

std::string or_number(std::string name, std::int64_t number) { return name.empty() ? std::to_string(number) : name; }

std::string with_number(const std::string& name, std::int64_t number) {
  return std::to_string(number) + (name.empty() ? "" : "(" + name + ")");
}

TEST(NamesTest, OperationsAreCalledAsInTheTrace) {
  for (const std::uint32_t object : {1u, 2u, 0x4000u, 0x80000000u, 0x80000001u})
    for (std::uint32_t op = 0; op <= 0xffff; ++op)
      ASSERT_EQ(operation_name(object, op), or_number(show_qtee_op(object, op), op)) << object << " " << op;
  for (std::uint32_t op = 0; op <= 0xffff; ++op) ASSERT_EQ(operation_name(op), or_number(show_qtee_own_op(op), op));
}

TEST(NamesTest, ResultsAndErrorsAreCalledAsInTheTrace) {
  for (std::int32_t number = -300; number < 300; ++number) {
    ASSERT_EQ(result_name(number), with_number(show_qtee_result(number), number));
    ASSERT_EQ(error_name(number), with_number(show_qtee_error(number), number));
  }
}

TEST(NamesTest, KindsAreCalledAsInTheTrace) {
  for (std::uint32_t number = 0; number < 16; ++number) {
    ASSERT_EQ(transport_name(number), or_number(show_qtee_transport(number), number));
    ASSERT_EQ(smc_name(number), or_number(show_qtee_smc(number), number));
    ASSERT_EQ(answer_name(number), or_number(show_qtee_answer(number), number));
    ASSERT_EQ(fate_name(number), or_number(show_qtee_fate(number), number));
  }
}

TEST(NamesTest, OperationsAreRead) {
  EXPECT_EQ(operation_parse("open"), (Operation{0, kRootObject}));
  EXPECT_EQ(operation_parse("registerWithCredentials"), (Operation{5, kRootObject}));
  EXPECT_EQ(operation_parse("MAP_REGION"), (Operation{0, kPrimordialObject}));
  EXPECT_EQ(operation_parse("RELEASE"), (Operation{0xffff, std::nullopt}));
  EXPECT_EQ(operation_parse("7"), (Operation{7, std::nullopt}));
  EXPECT_EQ(operation_parse("0xffff"), (Operation{0xffff, std::nullopt}));
  for (const char* text : {"", "Open", "65536", "-1", "nothing"})
    EXPECT_THROW(operation_parse(text), std::invalid_argument) << text;
}

}  // namespace
}  // namespace qtee::bpf
