// SPDX-License-Identifier: BSD-3-Clause
//
// Apps loaded, used, unloaded and looked at on many CPUs at once. Run under TSan.
#include <random>
#include <thread>

#include "ta_builder.hpp"
#include "tests/fixture.hpp"
#include "vsoc/interfaces.hpp"

namespace qtee::fw::test {
namespace {

namespace loader = vsoc::app_loader;
namespace controller = vsoc::app_controller;

constexpr unsigned kThreads = 4;

class ServicesConcurrency : public Core {
 protected:
  void SetUp() override {
    Core::SetUp();
    app_loader = linux_.open(vsoc::kUidAppLoader);
    diagnostics = linux_.open(vsoc::kUidDiagnostics);
  }
  // The baseline was taken before the two services were opened.
  void expect_nothing_left() {
    linux_.release(app_loader);
    linux_.release(diagnostics);
    expect_clean();
  }
  template <class F>
  void on_threads(F body) {
    std::vector<std::thread> threads;
    for (unsigned index = 0; index < kThreads; ++index) threads.emplace_back(body, index);
    for (auto& thread : threads) thread.join();
  }
  Id load(const Bytes& image) {
    const Answer answer = linux_.invoke(app_loader, loader::kLoadFromBuffer, {.ins = {image}, .wanted = 1});
    return answer.ok() ? answer.objects.at(0) : 0;
  }
  Id out_object(Id target, std::uint32_t op, std::vector<Bytes> ins = {}) {
    const Answer answer = linux_.invoke(target, op, {.ins = std::move(ins), .wanted = 1});
    return answer.ok() ? answer.objects.at(0) : 0;
  }
  std::int32_t result(Id target, std::uint32_t op, const Arguments& arguments = {}) {
    return linux_.invoke(target, op, arguments).result;
  }
  std::int32_t add(Id app) {
    const std::uint32_t terms[] = {40, 2};
    const Answer answer = linux_.invoke(app, vsoc::adder::kAdd, {.ins = {bytes_of(terms)}, .outs = {4}});
    if (answer.ok()) {
      EXPECT_EQ(value_of<std::uint32_t>(answer.outs.at(0)), 42u);
    }
    return answer.result;
  }

  const Handler quiet = [](const Request&) { return Reply{}; };
  Id app_loader = 0, diagnostics = 0;
};

TEST_F(ServicesConcurrency, AppsOfManyThreads) {
  on_threads([&](unsigned thread) {
    const auto image = vsoc::ta_build({.name = "app" + std::to_string(thread), .size = 4096});
    for (int turn = 0; turn < 40; ++turn) {
      const Id of = load(image);
      ASSERT_NE(of, 0u);
      const Id app = out_object(of, controller::kGetAppObject);
      const Id cback = out_object(app, vsoc::opener::kOpen, {bytes_of(vsoc::kAppUidTestCBack)});
      EXPECT_EQ(add(app), 0);
      EXPECT_EQ(result(cback, vsoc::test_cback::kSet,
                       {.objects = {linux_.object([&](const Request&) { return Reply{.result = add(app)}; })}}),
                0);
      EXPECT_EQ(result(cback, vsoc::test_cback::kCallSet), 0);
      EXPECT_EQ(result(diagnostics, vsoc::diagnostics::kQueryLoadedApps, {.outs = {4096}}), 0);
      if (turn % 2 == 0) {
        EXPECT_EQ(result(of, controller::kUnload), 0);
        EXPECT_EQ(add(app), vsoc::kDefunct);
      }
      for (const Id id : {cback, of, app}) linux_.release(id);
    }
  });
  expect_nothing_left();
}

// One app, used by all, unloaded in the middle: every answer is one that the table allows, and what was kept goes.
TEST_F(ServicesConcurrency, UnloadAmongCalls) {
  const auto image = vsoc::ta_build({.name = "shared", .size = 4096});
  int unloads = 0;
  for (int turn = 0; turn < 15; ++turn) {
    const Id of = load(image);
    const Id app = out_object(of, controller::kGetAppObject);
    const Id cback = out_object(app, vsoc::opener::kOpen, {bytes_of(vsoc::kAppUidTestCBack)});
    ASSERT_NE(cback, 0u);
    std::atomic<int> unloaded{0};
    on_threads([&](unsigned thread) {
      std::mt19937 random(static_cast<unsigned>(turn) * kThreads + thread);
      for (int call = 0; call < 30; ++call) {
        std::int32_t code = 0;
        switch (random() % 5) {
          case 0:
            code = add(app);
            break;
          case 1:
            code = result(cback, vsoc::test_cback::kSet, {.objects = {linux_.object(quiet)}});
            break;
          case 2:
            code = result(cback, vsoc::test_cback::kCallSet);
            if (code == vsoc::test_cback::kErrorNullObj) code = 0;
            break;
          case 3:
            code = result(of, controller::kInstallCbo,
                          {.ins = {bytes_of(controller::kCboInterfaceWait)}, .objects = {linux_.object(quiet)}});
            if (code == controller::kErrorAppUnloaded) code = 0;
            break;
          default:
            if (call < 10) break;
            code = result(of, controller::kUnload);
            if (code == 0) ++unloaded;
            if (code == controller::kErrorAppInUse || code == controller::kErrorAppUnloaded) code = 0;
        }
        EXPECT_TRUE(code == 0 || code == vsoc::kDefunct) << code;
      }
    });
    EXPECT_LE(unloaded, 1);
    unloads += unloaded;
    for (const Id id : {cback, app, of}) linux_.release(id);
  }
  EXPECT_GT(unloads, 0) << "never found an idle app to unload";
  expect_nothing_left();
}

TEST_F(ServicesConcurrency, ConnectAmongEnds) {
  const auto image = vsoc::ta_build({.name = "ends", .size = 4096});
  on_threads([&](unsigned thread) {
    for (int turn = 0; turn < 60; ++turn) {
      if (thread % 2 == 0) {
        const Id of = load(image);
        ASSERT_NE(of, 0u);
        EXPECT_EQ(result(of, controller::kDisconnect), 0);
        linux_.release(of);
      } else {
        const Answer answer =
            linux_.invoke(app_loader, loader::kConnect, {.ins = {bytes_of_text("ends")}, .wanted = 1});
        if (answer.ok()) {
          const Id app = out_object(answer.objects.at(0), controller::kGetAppObject);
          EXPECT_EQ(add(app), 0);
          linux_.release(app);
          linux_.release(answer.objects[0]);
        } else {
          EXPECT_EQ(answer.result, loader::kErrorAppNotLoaded);
        }
      }
    }
  });
  expect_nothing_left();
}

TEST_F(ServicesConcurrency, RegistrationsAndMemory) {
  const std::uint8_t raw[] = {0xA2, 1, 0, 6, 0x1B, 0, 0, 1, 0x8F, 0, 0, 0, 1};
  const Bytes credentials = bytes_of(raw);
  const Handler serve = [&](const Request& request) {
    return request.op == vsoc::io::kGetLength ? Reply{.outs = {bytes_of(std::uint64_t{credentials.size()})}}
                                              : Reply{.outs = {credentials}};
  };
  const Id of = load(vsoc::ta_build({.name = "memory", .size = 4096}));
  const Id app = out_object(of, controller::kGetAppObject);
  const Id manager = out_object(app, vsoc::opener::kOpen, {bytes_of(vsoc::kAppUidTestMemManager)});
  on_threads([&](unsigned) {
    const Memory memory = linux_.memory(4096);
    for (int turn = 0; turn < 40; ++turn) {
      const Answer env = linux_.invoke(FakeLinux::kRoot, vsoc::client_env::kRegisterAsClient,
                                       {.objects = {linux_.object(serve)}, .wanted = 1});
      ASSERT_TRUE(env.ok());
      linux_.release_all(env);
      std::memcpy(memory.bytes.data(), &vsoc::kTestPattern1, sizeof vsoc::kTestPattern1);
      const std::uint32_t op = turn % 2 == 0 ? vsoc::test_mem_manager::kAccess : vsoc::test_mem_manager::kSkipUnmapMo;
      EXPECT_EQ(result(manager, op, {.objects = {linux_.memory_object(memory)}}), 0);
    }
  });
  for (const Id id : {manager, app, of}) linux_.release(id);
  expect_nothing_left();
}

}  // namespace
}  // namespace qtee::fw::test
