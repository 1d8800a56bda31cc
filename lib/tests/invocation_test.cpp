// SPDX-License-Identifier: BSD-3-Clause
#include "qtee/invocation.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <numeric>
#include <string_view>
#include <vector>

#include "fake_driver.hpp"
#include "qtee/qtee.hpp"

namespace {
std::atomic<std::size_t> g_allocations{0};
}

void* operator new(std::size_t size) {
  ++g_allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++g_allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace qtee {
namespace {

using test::FakeCall;
using test::FakeDriver;

class InvocationTest : public ::testing::Test {
 protected:
  Object object(test::FakeHandler handler) { return Object(FileDescriptor(driver_.object_open(std::move(handler)))); }

  FakeDriver driver_;
};

TEST_F(InvocationTest, ScalarsTravelAsTheirBytes) {
  const Object adder = object([](FakeCall& call) -> std::int32_t {
    EXPECT_EQ(call.op, 7u);
    EXPECT_EQ(call.params.size(), 2u);
    EXPECT_EQ(call.params[0].attr, QCOM_TEE_BUFFER);
    EXPECT_EQ(call.params[0].direction, 1u);
    EXPECT_EQ(call.params[1].direction, 0u);
    std::uint32_t operands[2];
    EXPECT_EQ(call.input(0).size(), sizeof(operands));
    std::memcpy(operands, call.input(0).data(), sizeof(operands));
    const std::uint32_t sum = operands[0] + operands[1];
    call.set_output(1, {reinterpret_cast<const std::uint8_t*>(&sum), sizeof(sum)});
    return 0;
  });
  EXPECT_EQ(adder.call<std::uint32_t>(OpCode(7), std::array{40u, 2u}), 42u);
}

TEST_F(InvocationTest, RangesTravelAsTheirElements) {
  const Object sink = object([](FakeCall& call) -> std::int32_t {
    EXPECT_EQ(call.params.size(), 4u);
    EXPECT_EQ(call.input(0).size(), 5u);
    EXPECT_EQ(std::memcmp(call.input(0).data(), "hello", 5), 0);
    EXPECT_EQ(call.input(1).size(), 6u);
    EXPECT_EQ(call.input(2).size(), 0u);
    EXPECT_EQ(call.params[3].attr, QCOM_TEE_OBJECT_NULL);
    EXPECT_EQ(call.params[3].direction, 1u);
    return 0;
  });
  sink.call(OpCode(0), std::string_view("hello"), std::vector<std::uint16_t>{1, 2, 3}, std::span<const std::byte>(),
            nullptr);
}

TEST_F(InvocationTest, OutputKeepsWhatWasWritten) {
  const Object source = object([](FakeCall& call) -> std::int32_t {
    EXPECT_EQ(call.params[0].buffer.len, 64u);
    const std::uint8_t bytes[] = {1, 2, 3};
    call.set_output(0, bytes);
    return 0;
  });
  std::array<std::byte, 64> memory{};
  Output out(memory);
  source.call(OpCode(0), out);
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out.bytes()[2], std::byte{3});
}

TEST_F(InvocationTest, SeveralOutputsComeAsATuple) {
  const Object opener = object([this](FakeCall& call) -> std::int32_t {
    EXPECT_EQ(call.params.size(), 3u);
    EXPECT_EQ(call.params[1].attr, QCOM_TEE_OBJECT_NULL);
    EXPECT_EQ(call.params[1].direction, 0u);
    call.params[1].attr = QCOM_TEE_OBJECT;
    call.params[1].object.id = static_cast<std::uint64_t>(driver_.object_open([](FakeCall&) { return 0; }));
    call.params[1].object.host_id = QCOM_TEE_OBJECT_SECURE;
    const std::uint64_t size = 99;
    call.set_output(2, {reinterpret_cast<const std::uint8_t*>(&size), sizeof(size)});
    return 0;
  });
  {
    auto [child, size] = opener.call<Object, std::uint64_t>(OpCode(0), 1u);
    EXPECT_TRUE(child);
    EXPECT_EQ(size, 99u);
    EXPECT_EQ(driver_.objects_alive(), 2u);
  }
  EXPECT_EQ(driver_.objects_alive(), 1u);
}

TEST_F(InvocationTest, ShortOutputFailsAndReleasesTheObjectsThatCame) {
  const Object opener = object([this](FakeCall& call) -> std::int32_t {
    const std::uint8_t byte = 1;
    call.set_output(0, {&byte, 1});
    call.params[1].attr = QCOM_TEE_OBJECT;
    call.params[1].object.id = static_cast<std::uint64_t>(driver_.object_open([](FakeCall&) { return 0; }));
    call.params[1].object.host_id = QCOM_TEE_OBJECT_SECURE;
    return 0;
  });
  const auto outcome = opener.try_call<std::uint32_t, Object>(OpCode(0));
  EXPECT_FALSE(outcome);
  EXPECT_EQ(outcome.error(), std::errc::bad_message);
  EXPECT_EQ(driver_.objects_alive(), 1u);
}

TEST_F(InvocationTest, AnotherKindOfObjectFailsAndIsReleased) {
  const Object opener = object([](FakeCall& call) -> std::int32_t {
    call.params[0].attr = QCOM_TEE_OBJECT;
    call.params[0].object.id = static_cast<std::uint64_t>(::memfd_create("memory", MFD_CLOEXEC));
    call.params[0].object.host_id = QCOM_TEE_MEMORY_OBJECT;
    return 0;
  });
  EXPECT_EQ(opener.try_call<Object>(OpCode(0)).error(), std::errc::bad_message);
  EXPECT_TRUE(opener.call<MemoryObject>(OpCode(0)));
  EXPECT_TRUE(std::holds_alternative<MemoryObject>(opener.call<AnyObject>(OpCode(0))));
}

TEST_F(InvocationTest, NullObjectComesAsEmpty) {
  const Object opener = object([](FakeCall&) { return 0; });
  EXPECT_FALSE(opener.call<Object>(OpCode(0)));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(opener.call<AnyObject>(OpCode(0))));
}

TEST_F(InvocationTest, ResultsAndSystemErrorsAreTold) {
  std::int32_t answer = 0;
  const Object liar = object([&](FakeCall&) { return answer; });

  answer = -92;
  try {
    liar.call(OpCode(3));
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_EQ(error.result(), Result::bad_object);
    EXPECT_STREQ(error.what(), "invoke operation 3: BADOBJ (-92)");
  }
  answer = 12;
  EXPECT_EQ(liar.try_call(OpCode(3)).error().message(), "interface error 12");
  answer = test::refused(EMSGSIZE);
  try {
    liar.call(OpCode(3));
    FAIL() << "no exception";
  } catch (const Error&) {
    FAIL() << "a system error is no answer of QTEE's";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::message_size);
  }
  EXPECT_EQ(Object().try_call(OpCode(0)).error(), std::errc::bad_file_descriptor);
}

TEST_F(InvocationTest, CommonCallsAllocateNothing) {
  const Object echo = object([](FakeCall& call) -> std::int32_t {
    for (auto& param : call.params) {
      if (param.attr == QCOM_TEE_BUFFER && param.direction == 0)
        std::memset(reinterpret_cast<void*>(param.buffer.addr), 7, 4);
    }
    return 0;
  });
  const Object peer = object([](FakeCall&) { return 0; });
  echo.call<std::uint32_t>(OpCode(0), 1u, peer);  // whatever the fake allocates once
  // The fake copies a std::function per call, which is no allocation for what fits in place.
  const std::size_t before = g_allocations;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ((echo.call<std::uint32_t>(OpCode(0), 1u, peer)), 0x07070707u);
  }
  EXPECT_EQ(g_allocations, before);
}

TEST_F(InvocationTest, WhatLiesInItsMessageBufferIsNamedByPlace) {
  const MessageBuffer buffer = MessageBuffer::allocate(10'000);
  EXPECT_EQ(driver_.allocated.host_id, QCOM_TEE_MESSAGE_BUFFER);
  ASSERT_EQ(buffer.bytes().size(), 12288u);
  std::vector<qcom_tee_param> seen;
  const Object sink = object([&](FakeCall& call) {
    for (auto& param : call.params) {
      seen.push_back(param);
      if (param.direction == 0 && param.attr == QCOM_TEE_BUFFER_PLACED) param.placed.len = 5;
    }
    return 0;
  });
  std::array<std::byte, 8> outside;
  Invocation invocation(OpCode(1));
  invocation.input(buffer.bytes().first(8));  // before use(): copied
  invocation.use(buffer).input(buffer.bytes().subspan(4096, 100)).output(buffer.bytes().last(8)).input(outside);
  invocation.input(buffer.bytes().first(0));
  ASSERT_FALSE(invocation.invoke(sink));
  ASSERT_EQ(seen.size(), 5u);
  EXPECT_EQ(seen[0].attr, QCOM_TEE_BUFFER);
  EXPECT_EQ(seen[1].attr, QCOM_TEE_BUFFER_PLACED);
  EXPECT_EQ(seen[1].placed.fd, buffer.fd());
  EXPECT_EQ(seen[1].placed.offset, 4096u);
  EXPECT_EQ(seen[1].placed.len, 100u);
  EXPECT_EQ(seen[2].attr, QCOM_TEE_BUFFER_PLACED);
  EXPECT_EQ(seen[2].placed.offset, 12280u);
  EXPECT_EQ(seen[3].attr, QCOM_TEE_BUFFER);
  EXPECT_EQ(seen[4].attr, QCOM_TEE_BUFFER);
  EXPECT_EQ(invocation.written(0).data(), buffer.bytes().last(8).data());
  EXPECT_EQ(invocation.written(0).size(), 5u);
}

TEST_F(InvocationTest, BuilderTakesSixtyAndNoMore) {
  std::size_t seen = 0;
  const Object sink = object([&](FakeCall& call) {
    seen = call.params.size();
    return 0;
  });
  Invocation invocation(OpCode(1));
  std::array<std::byte, 4> memory;
  for (int i = 0; i < 15; ++i) invocation.input(memory).output(memory).input(nullptr).output_object();
  EXPECT_THROW(invocation.output_object(), std::length_error);
  EXPECT_FALSE(invocation.invoke(sink));
  EXPECT_EQ(seen, 60u);
  EXPECT_TRUE(invocation.invoke(sink));
  EXPECT_EQ(invocation.written(14).size(), 4u);
  EXPECT_THROW(invocation.written(15), std::out_of_range);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(invocation.take_object(14)));
}

TEST_F(InvocationTest, BuilderReleasesObjectsThatNobodyTakes) {
  const Object opener = object([this](FakeCall& call) -> std::int32_t {
    for (auto& param : call.params) {
      param.attr = QCOM_TEE_OBJECT;
      param.object.id = static_cast<std::uint64_t>(driver_.object_open([](FakeCall&) { return 0; }));
      param.object.host_id = QCOM_TEE_OBJECT_SECURE;
    }
    return 0;
  });
  {
    Invocation invocation(OpCode(0));
    invocation.output_object().output_object().output_object();
    ASSERT_FALSE(invocation.invoke(opener));
    const AnyObject taken = invocation.take_object(1);
    EXPECT_TRUE(std::holds_alternative<Object>(taken));
    EXPECT_TRUE(std::holds_alternative<std::monostate>(invocation.take_object(1)));
    EXPECT_EQ(driver_.objects_alive(), 4u);
  }
  EXPECT_EQ(driver_.objects_alive(), 1u);
}

TEST_F(InvocationTest, ServicesSpeakTheirInterfaces) {
  driver_.root = [this](FakeCall& call) -> std::int32_t {
    if (call.op != 0) return 2;
    std::uint32_t uid;
    std::memcpy(&uid, call.input(0).data(), sizeof(uid));
    if (uid != 2033 && uid != 143) return 10;
    call.params[1].attr = QCOM_TEE_OBJECT;
    call.params[1].object.host_id = QCOM_TEE_OBJECT_SECURE;
    call.params[1].object.id = static_cast<std::uint64_t>(driver_.object_open([uid](FakeCall& inner) -> std::int32_t {
      const std::uint32_t answer[6] = {uid == 2033 ? 5u << 22 | 2u << 12 | 7u : 100u, 60, 40, 1, 2, 30};
      const std::size_t out = inner.params.size() - 1;
      inner.set_output(out, {reinterpret_cast<const std::uint8_t*>(answer), inner.params[out].buffer.len});
      return 0;
    }));
    return 0;
  };
  const Root root = Root::open();
  const Client client(root.object().duplicate());
  const auto version = client.open<services::FeatureVersions>().qtee();
  EXPECT_EQ(version.major, 5u);
  EXPECT_EQ(version.minor, 2u);
  EXPECT_EQ(version.patch, 7u);
  const auto heap = client.open<services::Diagnostics>().heap_info();
  EXPECT_EQ(heap.total, 100u);
  EXPECT_EQ(heap.largest_free, 30u);
  try {
    client.open(ServiceUid(5));
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "open service 5: interface error 10");
  }
}

}  // namespace
}  // namespace qtee
