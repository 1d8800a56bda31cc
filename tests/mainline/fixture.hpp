// SPDX-License-Identifier: BSD-3-Clause
//
// What all tests share: one registered client, the private service, and the check that a test leaves nothing alive.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "service.hpp"
#include "teeclient/credentials.hpp"
#include "teeclient/invocation.hpp"
#include "vsoc/interfaces.hpp"

namespace qtee::judge {

using tee::Invocation;
using tee::Object;
using tee::Outcome;
using tee::Param;
using tee::Received;
using tee::Ref;
using tee::Request;
using tee::Server;
using tee::SharedMemory;
using tee::TeeDevice;

// An open device with a server and a client environment: a client of its own.
struct Client {
  std::shared_ptr<TeeDevice> device;
  std::unique_ptr<Server> server;
  Object env;

  // Throws std::runtime_error where registration fails.
  static Client open(unsigned threads = 2);
  Object open_service(std::uint32_t uid) const;
};

// Once per run: the client that asks for reports, and what was alive before the first test.
class World final : public ::testing::Environment {
 public:
  static World& get();

  void SetUp() override;
  void TearDown() override;

  Client client;
  Object service;
  vsoc::Report baseline = {};
};

// Every test begins and ends with what was alive at the start.
class JudgeTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  const std::shared_ptr<TeeDevice>& device() const { return World::get().client.device; }
  Server& server() const { return *World::get().client.server; }
  const Object& env() const { return World::get().client.env; }
  Service service() const { return Service(World::get().service); }
  Object open_service(std::uint32_t uid) const { return World::get().client.open_service(uid); }

  vsoc::Report report() const { return service().report().value_or(vsoc::Report{}); }
  vsoc::Counters counters() const { return service().counters().value_or(vsoc::Counters{}); }

  // Asks for reports until `done` likes one; each answer of QTEE carries releases to Linux. False at the deadline.
  bool poll(const std::function<bool(const vsoc::Report&)>& done,
            std::chrono::milliseconds timeout = std::chrono::seconds(15)) const;
  // Until QTEE holds `count` references on a callback object.
  bool poll_references(const Server& server, std::uint64_t id, std::size_t count) const;

 private:
  std::uint64_t faults_ = 0;  // before the test
  std::size_t server_faults_ = 0;
};

// A client of its own whose requests the test receives and answers by itself.
class SelfServedTest : public JudgeTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Receives into an area of so many bytes, with room for so many parameters. Returns 0 or an errno.
  int receive(std::size_t size, std::size_t count, std::uint32_t& func, std::vector<Param>& params);
  int send(std::int32_t result, std::vector<Param> params);

  Client client_;
  Object own_;
  std::array<std::uint64_t, 128> area_ = {};
};

// While it lives, RCU's grace periods are short: mainline waits for one in each release.
class QuickGracePeriods final {
 public:
  QuickGracePeriods();
  ~QuickGracePeriods();
  QuickGracePeriods(const QuickGracePeriods&) = delete;
  QuickGracePeriods& operator=(const QuickGracePeriods&) = delete;
};

// Attributes of the first parameter of receive and send.
inline constexpr std::uint64_t kMetaInout = TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_INOUT | TEE_IOCTL_PARAM_ATTR_META;
inline constexpr std::uint64_t kMetaOutput = TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_OUTPUT | TEE_IOCTL_PARAM_ATTR_META;

// Whether Debian's qcomtee is being driven: what it is known to get wrong is not asked of it.
bool driver_is_mainline();

::testing::AssertionResult is_ok(const Outcome& outcome);
#define EXPECT_OK(...) EXPECT_TRUE(::qtee::judge::is_ok(__VA_ARGS__))
#define ASSERT_OK(...) ASSERT_TRUE(::qtee::judge::is_ok(__VA_ARGS__))

MATCHER_P(Answers, code, "is an answer of QTEE with that result") { return arg.error == 0 && arg.result == code; }
MATCHER_P(FailsWith, code, "fails in the kernel with that errno") { return arg.error == code; }

// Bytes of the service's pattern.
std::vector<std::byte> pattern_bytes(std::size_t size, std::uint64_t seed = 1);

// A callback object that is a function.
class Lambda final : public tee::Callback {
 public:
  explicit Lambda(std::function<std::int32_t(Request&)> function) : function_(std::move(function)) {}
  std::int32_t invoke(Request& request) override {
    calls++;
    return function_(request);
  }
  void released() override { releases++; }

  std::atomic<unsigned> calls = 0;
  std::atomic<unsigned> releases = 0;

 private:
  std::function<std::int32_t(Request&)> function_;
};

// Adds a Lambda to a server, and removes it at the end of the scope.
class Callee final {
 public:
  Callee(Server& server, std::function<std::int32_t(Request&)> function)
      : server_(server), lambda_(std::make_shared<Lambda>(std::move(function))), id_(server.add(lambda_)) {}
  ~Callee() { server_.remove(id_); }
  Callee(const Callee&) = delete;
  Callee& operator=(const Callee&) = delete;

  Server& server() const { return server_; }
  std::uint64_t id() const { return id_; }
  unsigned calls() const { return lambda_->calls; }
  unsigned releases() const { return lambda_->releases; }

 private:
  Server& server_;
  std::shared_ptr<Lambda> lambda_;
  std::uint64_t id_;
};

}  // namespace qtee::judge
