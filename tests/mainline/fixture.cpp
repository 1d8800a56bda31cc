// SPDX-License-Identifier: BSD-3-Clause
#include "fixture.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace qtee::judge {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPollEvery = std::chrono::milliseconds(2);

// On kernels that bridge, bridges are not counted: our driver keeps message buffers, with their bridges, as many as
// were needed at once, and mainline's deletes some bridges of memory later than a test waits. vsoc/run sees to it that
// all are gone at the end.
bool same_alive(const vsoc::Report& a, const vsoc::Report& b) {
  const bool same_bridges = !driver_is_mainline() || b.bridges != 0 || a.bridges == b.bridges;
  return same_bridges && a.tee_objects == b.tee_objects && a.tee_references == b.tee_references &&
         a.ns_ids == b.ns_ids && a.ns_releases_queued == b.ns_releases_queued && a.mappings == b.mappings &&
         a.calls_in_flight == b.calls_in_flight && a.heap_used == b.heap_used;
}

}  // namespace

Client Client::open(unsigned threads) {
  Client client;
  client.device = TeeDevice::open();
  client.server = std::make_unique<Server>(client.device, Server::Options{.threads = threads});
  const auto credentials = std::make_shared<tee::Credentials>(tee::Credentials::own());
  const Outcome outcome = client_register(*client.server, credentials, tee::kOpRegister, client.env);
  if (!outcome.ok()) {
    throw std::runtime_error("registration failed: errno " + std::to_string(outcome.error) + ", result " +
                             std::to_string(outcome.result));
  }
  return client;
}

Object Client::open_service(std::uint32_t uid) const {
  Object service;
  const Outcome outcome = service_open(env, uid, service);
  if (!outcome.ok()) {
    ADD_FAILURE() << "service " << uid << ": errno " << outcome.error << ", result " << outcome.result;
  }
  return service;
}

World& World::get() {
  static World* world = new World;  // GoogleTest owns it from AddGlobalTestEnvironment on
  return *world;
}

void World::SetUp() {
  client = Client::open(4);
  service = client.open_service(vsoc::kServiceUid);
  ASSERT_TRUE(service) << "no private service";
  const Service view(service);
  // The driver releases what its probe opened, and QTEE our credentials, behind our back: until that is over.
  const auto deadline = Clock::now() + std::chrono::seconds(15);
  std::optional<vsoc::Report> last = view.report();
  ASSERT_TRUE(last.has_value()) << "no report";
  for (;;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::optional<vsoc::Report> next = view.report();
    ASSERT_TRUE(next.has_value());
    const bool settled = same_alive(*last, *next) && next->ns_releases_queued == 0 && client.server->references() == 0;
    last = next;
    if (settled) break;
    ASSERT_LT(Clock::now(), deadline) << "never at rest: " << *last << ", references on our credentials "
                                      << client.server->references();
  }
  baseline = *last;
  std::cout << "alive at the start: " << baseline << std::endl;
  EXPECT_EQ(baseline.ns_ids, 0u);
  EXPECT_EQ(baseline.mappings, 0u);
  EXPECT_EQ(baseline.calls_in_flight, 0u);
  EXPECT_EQ(baseline.faults, 0u);
}

void World::TearDown() {
  service = {};
  client.env = {};
  if (client.server != nullptr) {
    client.server->stop();
    EXPECT_EQ(client.server->references(), 0u);
  }
  client.server.reset();
  client.device.reset();
}

// Best effort: without it the tests take longer, that is all.
QuickGracePeriods::QuickGracePeriods() { std::ofstream("/sys/kernel/rcu_expedited") << "1\n"; }
QuickGracePeriods::~QuickGracePeriods() { std::ofstream("/sys/kernel/rcu_expedited") << "0\n"; }

bool driver_is_mainline() {
  static const bool mainline = ::access("/sys/module/qcomtee", F_OK) == 0 && std::getenv("QTEE_TEE_DEVICE") == nullptr;
  return mainline;
}

void JudgeTest::SetUp() {
  ASSERT_TRUE(World::get().service) << "the run could not be set up";
  faults_ = report().faults;
  server_faults_ = server().faults().size();
}

void JudgeTest::TearDown() {
  const World& world = World::get();
  if (!world.service) return;
  const bool at_rest = poll([&](const vsoc::Report& now) {
    return same_alive(now, world.baseline) && world.client.server->references() == 0;
  });
  const vsoc::Report now = report();
  EXPECT_TRUE(at_rest) << "left alive:\n  now      " << now << "\n  at start " << world.baseline
                       << "\n  references on our callbacks " << world.client.server->references();
  EXPECT_EQ(now.faults, faults_) << "QTEE saw protocol errors of the driver";
  const std::vector<std::string> server_faults = world.client.server->faults();
  for (std::size_t i = server_faults_; i < server_faults.size(); i++) ADD_FAILURE() << server_faults[i];
}

bool JudgeTest::poll(const std::function<bool(const vsoc::Report&)>& done, std::chrono::milliseconds timeout) const {
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    const std::optional<vsoc::Report> now = service().report();
    if (now.has_value() && done(*now)) return true;
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kPollEvery);
  }
}

bool JudgeTest::poll_references(const Server& server, std::uint64_t id, std::size_t count) const {
  return poll([&](const vsoc::Report&) { return server.references(id) == count; });
}

void SelfServedTest::SetUp() {
  JudgeTest::SetUp();
  // Its server only serves the credentials; from then on the test receives.
  client_ = Client::open(1);
  own_ = client_.open_service(vsoc::kServiceUid);
  ASSERT_TRUE(own_);
  ASSERT_TRUE(poll([&](const vsoc::Report&) { return client_.server->references() == 0; }));
  client_.server->stop();
}

void SelfServedTest::TearDown() {
  own_ = {};
  client_ = {};
  JudgeTest::TearDown();
}

int SelfServedTest::receive(std::size_t size, std::size_t count, std::uint32_t& func, std::vector<Param>& params) {
  params.assign(count, Param{});
  params[0] = {kMetaInout, reinterpret_cast<std::uintptr_t>(area_.data()), size, 0};
  return client_.device->receive(func, params);
}

int SelfServedTest::send(std::int32_t result, std::vector<Param> params) {
  return client_.device->send(static_cast<std::uint32_t>(result), params);
}

::testing::AssertionResult is_ok(const Outcome& outcome) {
  if (outcome.ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << outcome;
}

std::vector<std::byte> pattern_bytes(std::size_t size, std::uint64_t seed) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; i++) bytes[i] = static_cast<std::byte>(vsoc::pattern(seed, i));
  return bytes;
}

}  // namespace qtee::judge
