// SPDX-License-Identifier: BSD-3-Clause
//
// Registers: which SMC answers what, and what is refused before a message is looked at.

#include "fixture.hpp"

namespace qtee::fw::test {
namespace {

constexpr std::uint64_t kUnknown = ~std::uint64_t{0};
constexpr std::uint64_t kInvalid = static_cast<std::uint64_t>(-2);

using Smc = Core;

TEST_F(Smc, ConventionProbeIsAnswered) {
  const SmcFrame frame = linux_.smc(0xC2000601, 1, 0x02000601);
  EXPECT_EQ(frame.x[0], 0u);
  EXPECT_EQ(frame.x[1], 1u);
}

TEST_F(Smc, OnlyWhatIsThereIsAvailable) {
  const auto available = [&](std::uint64_t call) {
    const SmcFrame frame = linux_.smc(0x42000601, 1, call);
    EXPECT_EQ(frame.x[0], 0u);
    return frame.x[1];
  };
  for (const std::uint64_t call :
       {0x02000601, 0x02000C1C, 0x02000C1D, 0x02000C1E, 0x02002402, 0x02002403, 0x02002404}) {
    EXPECT_EQ(available(call), 1u) << std::hex << call;
  }
  for (const std::uint64_t call : {0x02000205, 0x02000110, 0x02000603, 0x02000000, 0x02FFFFFF & 0x0200FFFF}) {
    EXPECT_EQ(available(call), 0u) << std::hex << call;
  }
  machine.hwirq = 0;
  EXPECT_EQ(available(0x02002404), 0u);
}

TEST_F(Smc, UnknownCallsAreRefused) {
  for (const std::uint64_t call : {0xC2000110ull, 0x42000603ull, 0x72000600ull, 0x72000603ull, 0x8600FF01ull, 0x0ull}) {
    EXPECT_EQ(linux_.smc(call, 1, 10).x[0], kUnknown) << std::hex << call;
  }
}

TEST_F(Smc, WaitQueueInfoNeedsAnInterrupt) {
  SmcFrame frame = linux_.smc(0xC2002404);
  EXPECT_EQ(frame.x[0], 0u);
  EXPECT_GE(frame.x[1], 1u);
  EXPECT_EQ(frame.x[2], 100u);
  machine.hwirq = 0;
  EXPECT_EQ(linux_.smc(0xC2002404).x[0], kUnknown);
}

TEST_F(Smc, PresenceProbeIsInvalidAndNoFault) {
  EXPECT_EQ(linux_.smc(0x72000602, 0x224).x[0], kInvalid);
  expect_clean();
}

struct BadBuffers {
  std::uint64_t x1, in, in_size, out, out_size;
};

TEST_F(Smc, BadMessageBuffersAreRefusedAndCounted) {
  const std::uint64_t ram = FakeMachine::kRamBase;
  const std::uint64_t end = ram + machine.ram_size();
  const BadBuffers cases[] = {
      {0x22, ram, 4096, ram + 4096, 4096},                      // another call's arginfo
      {0x224, ram + 8, 4096, ram + 8192, 4096},                 // not page aligned
      {0x224, ram, 4096, ram + 4100, 4096},                     //
      {0x224, ram, 4095, ram + 8192, 4096},                     // not whole pages
      {0x224, ram, 4096, ram + 8192, 100},                      //
      {0x224, ram, 0, ram + 8192, 4096},                        // empty
      {0x224, ram, 4096, ram + 8192, 0},                        //
      {0x224, ram, 4096, ram, 4096},                            // overlapping
      {0x224, ram, 8192, ram + 4096, 4096},                     //
      {0x224, ram + 4096, 4096, ram, 8192},                     //
      {0x224, end, 4096, ram, 4096},                            // not RAM
      {0x224, end - 4096, 8192, ram, 4096},                     //
      {0x224, ram, 4096, 0x1000, 4096},                         //
      {0x224, ram, (4u << 20) + 4096, ram + (8u << 20), 4096},  // larger than any message
      {0x224, ram, 4096, ram + 8192, 17 * 4096},                //
      {0x224, ~0xFFFull, 8192, ram, 4096},                      // wraps around
      {0x224, ram, 4096, ~0xFFFull, 4096},                      //
  };
  std::uint64_t faults = 0;
  for (const BadBuffers& bad : cases) {
    EXPECT_EQ(linux_.smc(0x72000602, bad.x1, bad.in, bad.in_size, bad.out, bad.out_size).x[0], kInvalid) << faults;
    ++faults;
    EXPECT_EQ(linux_.report(service).faults, faults);
  }
  expect_clean(faults);
}

TEST_F(Smc, AnswerToNoCallIsAFault) {
  const Memory out = linux_.memory(4096);
  EXPECT_EQ(linux_.smc(0x72000601, 0x22, out.paddr, 4096).x[0], kInvalid);
  EXPECT_EQ(linux_.smc(0x72000601, 0x22, 0, 0).x[0], kInvalid);
  expect_clean(2);
}

TEST_F(Smc, LargestMessagesAreTaken) {
  const Bytes big((4u << 20) - 4096, std::byte{42});
  const Answer answer = op(vsoc::Op::mirror, {.ins = {big}});
  EXPECT_TRUE(answer.ok());
  expect_clean();
}

TEST_F(Smc, CountersCountSmcs) {
  const vsoc::Counters before = linux_.counters(service);
  EXPECT_TRUE(op(vsoc::Op::null).ok());
  linux_.smc(0x42000603);
  const vsoc::Counters after = linux_.counters(service);
  EXPECT_EQ(after.smc_total - before.smc_total, 3u);  // the second counters call is one itself
  EXPECT_EQ(after.smc_invoke - before.smc_invoke, 2u);
  EXPECT_EQ(after.concurrent_max, 1u);
}

}  // namespace
}  // namespace qtee::fw::test
