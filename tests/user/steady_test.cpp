// SPDX-License-Identifier: BSD-3-Clause
//
// What an invocation costs once everything is warm: one SMC, and no memory.
#include "kernel_trace.hpp"
#include "quiet.hpp"
#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::Op;

constexpr unsigned kCalls = 10'000;

class SteadyTest : public UserTest {
 protected:
  /// Invokes `kCalls` times; expects one SMC each and no allocation. Done by bare ioctls, so that this process itself
  /// needs no memory.
  void expect_steady(RawInvoke& invoke) {
    const int service = service_.object().fd();
    KernelTrace trace({"kmem:kmalloc", "kmem:kmem_cache_alloc", "kmem:mm_page_alloc"});
    const auto rounds = [&](unsigned count) {
      for (unsigned i = 0; i < count; ++i) {
        RawInvoke call = invoke;  // outputs change the parameters
        ASSERT_EQ(call.invoke(service), 0);
        ASSERT_EQ(call.head().result, 0);
      }
    };
    const Still still(service_);
    rounds(200);

    const auto before = service_.counters();
    trace.start();
    rounds(kCalls);
    const auto allocations = trace.stop();
    const auto after = service_.counters();

    EXPECT_EQ(allocations.size(), 0u) << "the first is " << allocations.front();
    EXPECT_EQ(after.smc_invoke - before.smc_invoke, kCalls + 1) << "one of them asked for the counters";
    EXPECT_EQ(after.smc_total - before.smc_total, kCalls + 1);
  }
};

TEST_F(SteadyTest, ACallIsOneSmcAndAllocatesNothing) {
  RawInvoke call(static_cast<std::uint32_t>(Op::null), {});
  expect_steady(call);
}

TEST_F(SteadyTest, ACallWithBuffersIsOneSmcAndAllocatesNothing) {
  const auto input = bytes_of(4000);
  std::vector<std::byte> output(4000);
  RawInvoke call(static_cast<std::uint32_t>(Op::echo),
                 {param_in(input.data(), input.size()), param_out(output.data(), output.size())});
  expect_steady(call);
  EXPECT_EQ(output, input);
}

TEST_F(SteadyTest, LargeBuffersAllocateNothingEither) {
  const auto input = bytes_of(100'000);
  std::vector<std::byte> output(100);
  RawInvoke call(static_cast<std::uint32_t>(Op::mirror),
                 {param_in(output.data(), output.size()), param_in(input.data(), input.size()),
                  param_out(output.data(), output.size())});
  expect_steady(call);
}

TEST_F(SteadyTest, InPlaceNothingIsAllocatedNorCopied) {
  const MessageBuffer buffer = MessageBuffer::allocate(256 << 10);
  RawInvoke call(static_cast<std::uint32_t>(Op::echo),
                 {param_placed(buffer.fd(), true, 0, 64 << 10), param_placed(buffer.fd(), false, 128 << 10, 64 << 10)});
  expect_steady(call);
}

TEST_F(SteadyTest, TheTraceSeesWhatACallAllocates) {
  KernelTrace trace({"kmem:kmalloc", "kmem:kmem_cache_alloc", "kmem:mm_page_alloc"});
  trace.start();
  const Object made = service_.create();
  EXPECT_GT(trace.stop().size(), 0u) << "an object is memory";
}

}  // namespace
}  // namespace qtee::test
