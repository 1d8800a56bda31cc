// SPDX-License-Identifier: BSD-3-Clause
//
// Receive and send themselves, without the client library's server: what the public clients rely on.
#include <pthread.h>
#include <signal.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "fixture.hpp"

namespace qtee::judge {
namespace {

constexpr std::uint64_t kObjectNumber = 0xABCDEF0123456789;  // clients choose any 64-bit number

class Supplicant : public SelfServedTest {
 protected:
  // Invokes Op::callback in a thread of its own, with one input, and one output if asked for.
  std::jthread call_back(Outcome& outcome, const std::vector<std::byte>& in, std::uint64_t* out = nullptr) {
    return std::jthread([&outcome, &in, out, this] {
      Invocation invocation = Service(own_).call(vsoc::Op::callback);
      invocation.in_value(vsoc::CallbackRequest{9, 1}).in(in).in_ref(Ref::user(kObjectNumber));
      if (out != nullptr) invocation.out_value(*out);
      outcome = invocation.run(own_);
    });
  }
  void expect_release() {
    std::uint32_t func = 0;
    std::vector<Param> params;
    // Its message rides on an answer of QTEE.
    EXPECT_OK(Service(own_).null());
    ASSERT_EQ(receive(1024, 11, func, params), 0);
    EXPECT_EQ(func, tee::kOpRelease);
    ASSERT_EQ(params.size(), 1u);
    EXPECT_EQ(params[0].a, kObjectNumber);
    EXPECT_EQ(send(0, {{kMetaOutput, params[0].b, 0, 0}}), EINVAL) << "a release takes no answer";
  }
};

TEST_F(Supplicant, RequestAnswerRelease) {
  const auto in = pattern_bytes(13);
  std::uint64_t out = 0;
  Outcome outcome = {0, -1};
  std::jthread caller = call_back(outcome, in, &out);
  std::uint32_t func = 0;
  std::vector<Param> params;
  ASSERT_EQ(receive(1024, 11, func, params), 0);
  EXPECT_EQ(func, 9u);
  ASSERT_EQ(params.size(), 3u);
  EXPECT_EQ(params[0].attr, kMetaInout);
  EXPECT_EQ(params[0].a, kObjectNumber);
  EXPECT_EQ(params[0].c, 0u);
  EXPECT_EQ(params[1].attr, static_cast<std::uint64_t>(TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT));
  ASSERT_EQ(params[1].b, in.size());
  const auto buffer = reinterpret_cast<std::uintptr_t>(area_.data());
  EXPECT_GE(params[1].a, buffer);
  EXPECT_LE(params[1].a + params[1].b, buffer + 1024);
  EXPECT_EQ(params[1].a % 8, 0u);
  EXPECT_EQ(std::memcmp(reinterpret_cast<void*>(params[1].a), in.data(), in.size()), 0);
  EXPECT_EQ(params[2].attr, static_cast<std::uint64_t>(TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT));
  EXPECT_EQ(params[2].b, 8u);
  const std::uint64_t answer = 0x1122334455667788;
  const Param meta = {kMetaOutput, params[0].b, 0, 0};
  EXPECT_EQ(send(0, {meta, params[1], {params[2].attr, reinterpret_cast<std::uintptr_t>(&answer), 8, 0}}), 0);
  caller.join();
  EXPECT_OK(outcome);
  EXPECT_EQ(out, answer);
  // Mainline gives the number to the release that is queued by now, takes an answer to it, and oopses.
  if (!driver_is_mainline()) {
    EXPECT_EQ(send(0, {meta}), EINVAL) << "answered twice";
  }
  expect_release();
}

TEST_F(Supplicant, ErrorIsSentWithOneParameter) {
  const auto in = pattern_bytes(13);
  Outcome outcome;
  std::jthread caller = call_back(outcome, in);
  std::uint32_t func = 0;
  std::vector<Param> params;
  ASSERT_EQ(receive(1024, 11, func, params), 0);
  EXPECT_EQ(send(77, {{kMetaOutput, params[0].b, 0, 0}}), 0);
  caller.join();
  EXPECT_THAT(outcome, Answers(77));
  expect_release();
}

TEST_F(Supplicant, RequestWaitsForAReceiveThatHasRoom) {
  const auto in = pattern_bytes(100);
  Outcome outcome = {0, -1};
  std::uint64_t out = 0;
  std::jthread caller = call_back(outcome, in, &out);
  std::uint32_t func = 0;
  std::vector<Param> params;
  EXPECT_NE(receive(96, 11, func, params), 0) << "100 bytes into 96";
  EXPECT_NE(receive(1024, 2, func, params), 0) << "two parameters and the meta one into two";
  ASSERT_EQ(receive(1024, 3, func, params), 0);
  EXPECT_EQ(func, 9u);
  EXPECT_EQ(std::memcmp(reinterpret_cast<void*>(params[1].a), in.data(), in.size()), 0);
  EXPECT_EQ(send(5, {{kMetaOutput, params[0].b, 0, 0}}), 0);
  caller.join();
  EXPECT_THAT(outcome, Answers(5));
  expect_release();
}

TEST_F(Supplicant, AnswerOfWrongParametersFailsTheCall) {
  const auto in = pattern_bytes(8);
  Outcome outcome = {0, -1};
  std::uint64_t out = 0;
  std::jthread caller = call_back(outcome, in, &out);
  std::uint32_t func = 0;
  std::vector<Param> params;
  ASSERT_EQ(receive(1024, 11, func, params), 0);
  const Param meta = {kMetaOutput, params[0].b, 0, 0};
  EXPECT_NE(send(0, {meta, params[2], params[1]}), 0) << "in another order than they came";
  caller.join();
  EXPECT_THAT(outcome, Answers(-96));
  expect_release();
}

TEST_F(Supplicant, RefusesMalformedReceives) {
  std::uint32_t func = 0;
  const auto address = reinterpret_cast<std::uintptr_t>(area_.data());
  const std::vector<std::vector<Param>> bad = {
      {},
      {{0, address, 1024, 0}},
      {{kMetaOutput, address, 1024, 0}},
      {{kMetaInout, address + 4, 1000, 0}},
      {{kMetaInout, address, 1024, 0}, {TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT, 0, 0, 0}},
  };
  for (std::size_t i = 0; i < bad.size(); i++) {
    std::vector<Param> params = bad[i];
    EXPECT_EQ(client_.device->receive(func, params), EINVAL) << i;
  }
}

TEST_F(Supplicant, RefusesMalformedSends) {
  EXPECT_EQ(send(0, {}), EINVAL);
  EXPECT_EQ(send(0, {{kMetaInout, 0, 0, 0}}), EINVAL);
  EXPECT_EQ(send(0, {{kMetaOutput, 0, 0, 0}}), EINVAL) << "no such request";
  EXPECT_EQ(send(0, {{kMetaOutput, 1u << 20, 0, 0}}), EINVAL);
}

TEST_F(Supplicant, ASignalEndsAReceive) {
  struct sigaction action = {};
  struct sigaction old = {};
  action.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(SIGUSR2, &action, &old), 0);
  std::atomic<int> error = -1;
  std::jthread receiver([&] {
    std::uint32_t func = 0;
    std::vector<Param> params;
    error = receive(1024, 11, func, params);
  });
  while (error == -1) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (error == -1) ::pthread_kill(receiver.native_handle(), SIGUSR2);
  }
  receiver.join();
  EXPECT_EQ(error, EINTR);
  ::sigaction(SIGUSR2, &old, nullptr);
}

TEST_F(Supplicant, CallbackObjectOutlivesItsClient) {
  Client other = Client::open(1);
  const Callee callee(*other.server, [](Request&) { return 0; });
  Object theirs = other.open_service(vsoc::kServiceUid);
  ASSERT_OK(Service(theirs).hold(*other.server, {callee.id()}));
  theirs = {};
  other.env = {};
  other.server->stop();
  other.device->close();
  EXPECT_OK(Service(own_).drop(kDropAll));
  EXPECT_TRUE(poll([](const vsoc::Report& now) { return now.ns_ids == 0; }));
}

TEST_F(Supplicant, SharedMemoryIdsStartAtOne) {
  const SharedMemory memory(*device(), 4096);
  EXPECT_GE(memory.id(), 1u);
  EXPECT_THROW(SharedMemory(*device(), 0), std::system_error);
  // Mainline hands any size to the page allocator, which warns.
  if (!driver_is_mainline()) {
    EXPECT_THROW(SharedMemory(*device(), std::size_t{1} << 40), std::system_error);
  }
}

}  // namespace
}  // namespace qtee::judge
