// SPDX-License-Identifier: BSD-3-Clause
//
// Every operation of the private service through the library: parameters of all kinds, counts and sizes.
#include <array>
#include <cstring>
#include <stdexcept>

#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::Op;

class PrivateServiceTest : public UserTest {};

TEST_F(PrivateServiceTest, NullDoesNothing) {
  for (int i = 0; i < 100; ++i) service_.null();
}

TEST_F(PrivateServiceTest, UnknownOperationsAndShapesAreInvalid) {
  EXPECT_RESULT(service_.object().call(OpCode(999)), Result::invalid);
  EXPECT_RESULT(service_.object().call(OpCode(0xFFFD)), Result::invalid);
  EXPECT_RESULT(service_.object().call(Op::null, 1u), Result::invalid);
}

TEST_F(PrivateServiceTest, EchoCarriesAllSizes) {
  for (const std::size_t size : {0ul, 1ul, 7ul, 8ul, 9ul, 100ul, 1000ul, 3000ul, 4095ul, 4096ul, 4097ul, 40'960ul,
                                 65'536ul, 1'000'001ul, 1ul << 20, (1ul << 20) + 4097}) {
    const auto in = bytes_of(size, size);
    std::vector<std::byte> memory(size + 5, std::byte{0xEE});
    Output out(memory);
    service_.object().call(Op::echo, in, out);
    ASSERT_EQ(out.size(), size);
    EXPECT_TRUE(std::equal(in.begin(), in.end(), memory.begin())) << size;
    for (std::size_t i = size; i < memory.size(); ++i) EXPECT_EQ(memory[i], std::byte{0xEE}) << "behind the output";
  }
}

TEST_F(PrivateServiceTest, OutputThatIsTooSmallIsSizeOut) {
  std::array<std::byte, 4> memory;
  Output out(memory);
  EXPECT_RESULT(service_.object().call(Op::echo, bytes_of(5), out), Result::size_out);
}

TEST_F(PrivateServiceTest, BiggestMessageAndOneByteMore) {
  // 4 MiB in all: head and two arguments, padded to 8, then what goes in and what comes out.
  constexpr std::size_t kHead = (12 + 2 * 8 + 7) / 8 * 8;
  constexpr std::size_t kIn = (4u << 20) - kHead - 8;
  const auto in = bytes_of(kIn);
  std::uint64_t eight = 0;
  Output out(std::span(&eight, 1));
  EXPECT_EQ(service_.object().try_call(Op::echo, in, out).error(), make_error_code(Result::size_out));
  EXPECT_EQ(service_.object().try_call(Op::echo, bytes_of(kIn + 1), out).error(), std::errc::message_size);
  std::vector<std::byte> huge(5u << 20);
  Output huge_out(huge);
  EXPECT_EQ(service_.object().try_call(Op::echo, 1u, huge_out).error(), std::errc::message_size);
}

TEST_F(PrivateServiceTest, MirrorCarriesZeroToFifteenOfEachKind) {
  for (std::size_t count = 0; count <= 15; ++count) {
    std::vector<std::vector<std::byte>> in, out;
    std::vector<Object> objects = {};
    for (std::size_t i = 0; i < count; ++i) {
      in.push_back(bytes_of(i * 7, i));
      out.emplace_back(i * 7 + 1);
      objects.push_back(i % 3 == 2 ? Object() : service_.create());
    }
    Invocation invocation(Op::mirror);
    // Kinds in turn: the driver sorts them.
    for (std::size_t i = 0; i < count; ++i) {
      invocation.output_object().input(in[i]).input(objects[i]).output(out[i]);
    }
    ASSERT_FALSE(invocation.invoke(service_.object())) << count;
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(invocation.written(i).size(), in[i].size());
      EXPECT_TRUE(std::equal(in[i].begin(), in[i].end(), invocation.written(i).begin()));
      const AnyObject back = invocation.take_object(i);
      if (!objects[i]) {
        EXPECT_TRUE(std::holds_alternative<std::monostate>(back));
      } else {
        ASSERT_TRUE(std::holds_alternative<Object>(back));
        std::get<Object>(back).call(Op::null);
      }
    }
  }
}

TEST_F(PrivateServiceTest, OutputsWithoutPartnersAreEmpty) {
  std::array<std::byte, 32> memory;
  Output out(memory);
  OutputObject object;
  object.value = service_.create();
  service_.object().call(Op::mirror, out, object);
  EXPECT_EQ(out.size(), 0u);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(object.value));
}

TEST_F(PrivateServiceTest, SixteenOfAKindAreRefused) {
  const std::array<std::byte, 4> bytes{};
  std::array<std::byte, 4> memory;
  for (int kind = 0; kind < 4; ++kind) {
    Invocation invocation(Op::mirror);
    for (int i = 0; i < 16; ++i) {
      if (kind == 0) invocation.input(bytes);
      if (kind == 1) invocation.output(memory);
      if (kind == 2) invocation.input(service_.object());
      if (kind == 3) invocation.output_object();
    }
    EXPECT_EQ(invocation.invoke(service_.object()), std::errc::argument_list_too_long) << kind;
  }
}

TEST_F(PrivateServiceTest, ResultsComeBackAsTheyAre) {
  for (const std::int32_t code :
       {1, 2, 5, 7, 10, 12345, 0x7FFFFFFF, -1, -90, -91, -92, -99, -103, -200, std::int32_t(0x80000000)}) {
    const auto outcome = service_.object().try_call(Op::fail, code);
    EXPECT_EQ(outcome.error().category(), result_category());
    EXPECT_EQ(outcome.error().value(), code);
  }
}

TEST_F(PrivateServiceTest, WorkTakesItsTime) {
  const auto begin = std::chrono::steady_clock::now();
  service_.object().call(Op::work, std::uint64_t{20'000'000});
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
}

TEST_F(PrivateServiceTest, ObjectsAreCountedExactly) {
  const auto before = service_.report();
  {
    const Object object = service_.create();
    EXPECT_EQ(service_.report().tee_objects, before.tee_objects + 1);
    EXPECT_EQ(service_.report().tee_references, before.tee_references + 1);
    const Object twice = object.duplicate();  // one file, one reference
    EXPECT_EQ(service_.report().tee_references, before.tee_references + 1);
    const Object again = object.call<Object>(Op::create);
    again.call(Op::null);
    EXPECT_EQ(service_.report().tee_objects, before.tee_objects + 2);
  }
  const auto gone = [&](const vsoc::Report& report) { return report.tee_objects == before.tee_objects; };
  EXPECT_EQ(service_.report_until(gone).tee_references, before.tee_references);

  auto [a, b, c, d] = service_.object().call<Object, Object, Object, Object>(Op::create);
  EXPECT_EQ(service_.report().tee_objects, before.tee_objects + 4);
}

TEST_F(PrivateServiceTest, HeldObjectsComeBack) {
  CallbackServer server;
  unsigned called = 0;
  CallbackObject own = server.add([&](CallbackRequest&) {
    ++called;
    return Result::ok;
  });
  const Object tee = service_.create();
  service_.object().call(Op::hold, own, tee);
  EXPECT_EQ(own.references(), 1u);
  {
    auto [newest, before, none] = service_.object().call<AnyObject, AnyObject, AnyObject>(Op::give);
    EXPECT_TRUE(std::holds_alternative<Object>(newest));
    ASSERT_TRUE(std::holds_alternative<CallbackObject>(before));
    EXPECT_TRUE(std::get<CallbackObject>(before) == own);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(none));
  }
  service_.object().call(Op::drop, 0xFFFFFFFFu);
  EXPECT_TRUE(all_released(server));
  EXPECT_TRUE(own.wait_released(0ms));
  EXPECT_EQ(called, 0u);
}

TEST_F(PrivateServiceTest, MappedMemoryIsSeenByBoth) {
  const MemoryObject memory = MemoryObject::from_huge_page(256 << 10);
  const MemoryMapping mapping = memory.map();
  service_.fill(memory, {4096, 100'000, 7});
  {
    const CpuAccess access = mapping.access(CpuAccess::Mode::read);
    for (std::size_t k = 4096; k < 104'096; ++k) ASSERT_EQ(access.bytes()[k], std::byte{vsoc::pattern(7, k)}) << k;
    EXPECT_EQ(access.bytes()[4095], std::byte{0});
    EXPECT_EQ(access.bytes()[104'096], std::byte{0});
    EXPECT_EQ(service_.checksum(memory, {0, memory.size()}), vsoc::checksum(access.bytes().data(), memory.size()));
  }
  EXPECT_RESULT(service_.checksum(memory, {0, memory.size() + 1}), Result::invalid);

  const Object mapped = service_.object().call<Object>(Op::map, vsoc::RangeRequest{0, memory.size()}, memory);
  EXPECT_GE(service_.report().mappings, 1u);
  const auto sum = mapped.call<std::uint64_t>(Op::touch, vsoc::FillRequest{0, 4096, 9});
  (void)sum;
  EXPECT_EQ(mapping.access(CpuAccess::Mode::read).bytes()[100], std::byte{vsoc::pattern(9, 100)});
}

TEST_F(PrivateServiceTest, CountersCount) {
  const auto before = service_.counters();
  service_.null();
  const auto after = service_.counters();
  EXPECT_GE(after.smc_invoke, before.smc_invoke + 2);
  EXPECT_GE(after.smc_total, after.smc_invoke);
}

TEST_F(PrivateServiceTest, ManyThreadsInvokeAtOnce) {
  const Object shared = service_.create();
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 50; ++i) {
        EXPECT_EQ(shared.call<std::uint64_t>(Op::echo, t << 32 | i), (t << 32 | i));
        const Object mine = shared.call<Object>(Op::create);
        mine.call(Op::null);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace qtee::test
