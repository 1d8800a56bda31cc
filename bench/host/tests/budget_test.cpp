// SPDX-License-Identifier: BSD-3-Clause
#include "budget.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

namespace qtee::bench {
namespace {

constexpr char kKallsyms[] =
    "ffff800080010800 T vectors\n"
    "ffff800080011000 T invoke_syscall\n"
    "ffff800080011000 t $x\n"
    "ffff800080020000 T __arch_copy_from_user\n"
    "ffff800080030000 D some_data\n"
    "ffff80007a2c0000 t qtee_user_invoke\t[qtee_user]\n"
    "ffff80007a2d0000 t qtee_message_send\t[qtee]\n";

Symbols symbols() {
  std::istringstream text(kKallsyms);
  return Symbols(text);
}

std::string trace(const std::string& address, int cpu = 0) {
  return "Trace " + std::to_string(cpu) + ": 0x7f24c0 [00000000/" + address + "/00000110/ff000201] name\n";
}

const std::string kUser = trace("0000000000400100"), kFirmware = trace("000000000e000100");
// Five instructions.
const std::string kCall = trace("ffff800080010c00") + trace("ffff800080011004") + trace("ffff80007a2c0010") +
                          trace("ffff80007a2d0010") + kFirmware + trace("ffff800080020040");

TEST(BudgetTest, FunctionsAreFound) {
  const Symbols all = symbols();
  ASSERT_NE(all.at(0xffff800080011ffc), nullptr);
  EXPECT_EQ(all.at(0xffff800080011ffc)->name, "invoke_syscall");
  EXPECT_EQ(all.at(0xffff80007a2c0000)->module, "qtee_user");
  EXPECT_EQ(all.at(0x1000), nullptr);
  EXPECT_EQ(all.address("vectors"), 0xffff800080010800);
  EXPECT_EQ(all.address("some_data"), 0u);
}

TEST(BudgetTest, OneCallIsFromAProgramToTheProgram) {
  // The first begins before the log does, the last is not at its end; one is longer than the others.
  std::istringstream log(kCall + kUser + kCall + kUser + "noise\n" + kUser + kCall + kUser + kCall + kCall + kUser +
                         kCall);
  const Budget budget = budget_read(log, symbols());
  EXPECT_EQ(budget.total, 5u);
  EXPECT_EQ(budget.calls, 3u);
  EXPECT_EQ(budget.same, 2u);
  EXPECT_EQ(budget.lines.size(), 5u);
  const auto phases = budget.phases();
  EXPECT_EQ(phases.at("entry"), 2u);
  EXPECT_EQ(phases.at("front_end"), 1u);
  EXPECT_EQ(phases.at("marshal"), 1u);
  EXPECT_EQ(phases.at("copy"), 1u);
}

TEST(BudgetTest, CpusAreInCallsOfTheirOwn) {
  const std::string other = trace("ffff800080011000", 1);
  std::istringstream log(kUser + trace("ffff800080010c00") + other + trace("0000000000400100", 1) +
                         trace("ffff800080011004") + other + kUser);
  const Budget budget = budget_read(log, symbols());
  EXPECT_EQ(budget.total, 2u);
  EXPECT_EQ(budget.calls, 1u);
}

// As with a random offset of the stack: the least, where others of its kind are more common; not what is another call.
TEST(BudgetTest, TheLeastOfALittleMoreOrLess) {
  std::string text = kUser;
  const auto call = [&](int length) {
    for (int i = 0; i < length; ++i) text += trace("ffff800080011000");
    text += kUser;
  };
  for (const int length : {1000, 1000, 1000, 995, 1010, 500}) call(length);
  std::istringstream log(text);
  EXPECT_EQ(budget_read(log, symbols()).total, 995u);
}

TEST(BudgetTest, WithoutACallThereIsNone) {
  std::istringstream log(kUser + kUser);
  EXPECT_THROW(budget_read(log, symbols()), std::runtime_error);
}

}  // namespace
}  // namespace qtee::bench
