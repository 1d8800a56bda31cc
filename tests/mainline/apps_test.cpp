// SPDX-License-Identifier: BSD-3-Clause
//
// TA images: loading from a buffer and from a memory object, the controller, the adder.
#include <cstring>

#include "fixture.hpp"
#include "ta_builder.hpp"

namespace qtee::judge {
namespace {

namespace app_loader = vsoc::app_loader;
namespace app_controller = vsoc::app_controller;
namespace diagnostics = vsoc::diagnostics;

class Apps : public JudgeTest {
 protected:
  void SetUp() override {
    JudgeTest::SetUp();
    loader_ = open_service(vsoc::kUidAppLoader);
    ASSERT_TRUE(loader_);
  }
  void TearDown() override {
    loader_ = {};
    JudgeTest::TearDown();
  }

  static std::vector<std::byte> image(const std::string& name, std::size_t size = 32'856, int elf_class = 64,
                                      std::uint32_t flags = 0) {
    return vsoc::ta_build({.name = name, .size = size, .elf_class = elf_class, .flags = flags});
  }

  Outcome load(const std::vector<std::byte>& image, Object& controller) {
    Received out;
    const Outcome outcome = Invocation(app_loader::kLoadFromBuffer).in(image).out_object(out).run(loader_);
    if (outcome.ok()) controller = out.take();
    return outcome;
  }
  Outcome by_name(std::uint32_t op, const std::string& name, Object& controller) {
    Received out;
    const Outcome outcome = Invocation(op).in(name.data(), name.size()).out_object(out).run(loader_);
    if (outcome.ok()) controller = out.take();
    return outcome;
  }
  static Outcome app_object(const Object& controller, Object& app) {
    Received out;
    const Outcome outcome = Invocation(app_controller::kGetAppObject).out_object(out).run(controller);
    if (outcome.ok()) app = out.take();
    return outcome;
  }
  static void expect_adds(const Object& app) {
    const std::uint32_t pairs[][3] = {{1, 2, 3}, {0, 0, 0}, {0xFFFFFFFF, 1, 0}, {123456, 654321, 777777}};
    for (const auto& [a, b, sum] : pairs) {
      const std::uint32_t in[2] = {a, b};
      std::uint32_t out = ~sum;
      ASSERT_OK(Invocation(vsoc::adder::kAdd).in_value(in).out_value(out).run(app));
      EXPECT_EQ(out, sum);
    }
  }
  void expect_loads_and_adds(const std::vector<std::byte>& image) {
    Object controller;
    ASSERT_OK(load(image, controller));
    ASSERT_TRUE(controller);
    Object app;
    ASSERT_OK(app_object(controller, app));
    ASSERT_TRUE(app);
    expect_adds(app);
  }

  Object loader_;
};

TEST_F(Apps, AdderFromBuffer) { expect_loads_and_adds(image("judge-adder")); }
TEST_F(Apps, AdderFromLargeBuffer) { expect_loads_and_adds(image("judge-large", 118'216)); }
TEST_F(Apps, AdderFrom32BitImage) { expect_loads_and_adds(image("judge-arm", 32'856, 32)); }
TEST_F(Apps, AdderFromImageWithoutName) { expect_loads_and_adds(image("")); }

TEST_F(Apps, AdderFromRegion) {
  const auto bytes = image("judge-region", 58'216);
  SharedMemory memory(*device(), (bytes.size() + 4095) / 4096 * 4096);
  std::memcpy(memory.data(), bytes.data(), bytes.size());
  Received controller;
  ASSERT_OK(Invocation(app_loader::kLoadFromRegion).in_memory(memory).out_object(controller).run(loader_));
  ASSERT_TRUE(controller.is_tee());
  memory.close();
  Object app;
  ASSERT_OK(app_object(controller.object(), app));
  expect_adds(app);
  EXPECT_TRUE(poll([](const vsoc::Report& now) { return now.mappings == 0 && now.ns_ids == 0; }))
      << "the region is still mapped";
}

TEST_F(Apps, RegionMustBeAMemoryObject) {
  Received controller;
  const Outcome with_null = Invocation(app_loader::kLoadFromRegion).in_null().out_object(controller).run(loader_);
  EXPECT_EQ(with_null.error, 0);
  EXPECT_NE(with_null.result, 0);
  if (driver_is_mainline()) GTEST_SKIP() << "mainline maps any callback object, at its number as the address";
  const Callee callee(server(), [](Request&) { return 0; });
  const Outcome with_callback =
      Invocation(app_loader::kLoadFromRegion).in_callback(server(), callee.id()).out_object(controller).run(loader_);
  EXPECT_EQ(with_callback.error, 0);
  EXPECT_NE(with_callback.result, 0);
  EXPECT_EQ(callee.calls(), 0u);
}

TEST_F(Apps, EmptyRegionIsNoImage) {
  const SharedMemory memory(*device(), 4096);
  Received controller;
  const Outcome outcome = Invocation(app_loader::kLoadFromRegion).in_memory(memory).out_object(controller).run(loader_);
  EXPECT_EQ(outcome.error, 0);
  EXPECT_NE(outcome.result, 0);
}

TEST_F(Apps, BadImagesAreRefused) {
  Object controller;
  EXPECT_THAT(load({}, controller), Answers(app_loader::kErrorInvalidBuffer));
  EXPECT_THAT(load(pattern_bytes(32'856), controller), Answers(app_loader::kErrorInvalidBuffer));
  std::vector<std::byte> cut = image("judge-cut");
  cut.resize(cut.size() / 2);
  EXPECT_NE(load(cut, controller).result, 0);
  std::vector<std::byte> header = image("judge-header");
  header.resize(52);
  EXPECT_NE(load(header, controller).result, 0);
  EXPECT_FALSE(controller);
}

TEST_F(Apps, ControllerLivesAsLongAsItsObjects) {
  Object controller;
  ASSERT_OK(load(image("judge-life"), controller));
  Object app;
  ASSERT_OK(app_object(controller, app));
  controller = {};
  expect_adds(app);
  Object again;
  ASSERT_OK(load(image("judge-life2"), controller));
  ASSERT_OK(app_object(controller, again));
  expect_adds(again);
  expect_adds(app);
}

TEST_F(Apps, UnloadThenRelease) {
  Object controller;
  ASSERT_OK(load(image("judge-unload"), controller));
  const Outcome outcome = Invocation(app_controller::kUnload).run(controller);
  EXPECT_EQ(outcome.error, 0);
  Object app;
  if (outcome.result == 0) {
    EXPECT_NE(app_object(controller, app).result, 0) << "an app object of an unloaded app";
  }
}

TEST_F(Apps, ConnectFindsALoadedApp) {
  Object controller;
  EXPECT_THAT(by_name(app_loader::kConnect, "judge-connect", controller), Answers(app_loader::kErrorAppNotLoaded));
  ASSERT_OK(load(image("judge-connect"), controller));
  Object second;
  ASSERT_OK(by_name(app_loader::kConnect, "judge-connect", second));
  Object app;
  ASSERT_OK(app_object(second, app));
  expect_adds(app);
}

TEST_F(Apps, EmbeddedSkeleton) {
  Object controller;
  EXPECT_THAT(by_name(app_loader::kLoadEmbedded, "no-such-app", controller),
              Answers(app_loader::kErrorEmbeddedImageNotFound));
  ASSERT_OK(by_name(app_loader::kLoadEmbedded, app_loader::kEmbeddedSkeleton, controller));
  Object app;
  ASSERT_OK(app_object(controller, app));
  expect_adds(app);
}

TEST_F(Apps, SingleInstanceIsLoadedOnce) {
  const auto single = image("judge-single", 32'856, 64, vsoc::kTaSingleInstance);
  Object controller;
  ASSERT_OK(load(single, controller));
  Object second;
  EXPECT_THAT(load(single, second), Answers(app_loader::kErrorAlreadyLoaded));
  controller = {};
  EXPECT_TRUE(poll([&](const vsoc::Report&) { return load(single, second).ok(); })) << "not loadable after its end";
}

TEST_F(Apps, DiagnosticsKnowLoadedApps) {
  const auto bytes = image("judge-known");
  Object controller;
  ASSERT_OK(load(bytes, controller));
  Object app;
  ASSERT_OK(app_object(controller, app));
  const Object service = open_service(vsoc::kUidDiagnostics);
  ASSERT_TRUE(service);
  std::string names(4096, '\0');
  std::size_t size = 0;
  ASSERT_OK(Invocation(diagnostics::kQueryLoadedApps).out(names.data(), names.size(), &size).run(service));
  names.resize(size);
  EXPECT_EQ(names, std::string("judge-known") + '\0');
  diagnostics::AppInfo info = {};
  ASSERT_OK(Invocation(diagnostics::kQueryAppInfo).in("judge-known", 11).out_value(info).run(service));
  EXPECT_STREQ(info.name, "judge-known");
  EXPECT_EQ(info.image_size, bytes.size());
  EXPECT_EQ(info.elf_class, 64u);
  EXPECT_EQ(info.instances, 1u);
  EXPECT_EQ(info.objects, 2u);
  EXPECT_EQ(info.calls, 0u);
}

TEST_F(Apps, ManyAtOnce) {
  std::vector<Object> controllers;
  for (int i = 0; i < 16; i++) {
    Object controller;
    ASSERT_OK(load(image("judge-many-" + std::to_string(i), 8192), controller)) << i;
    controllers.push_back(std::move(controller));
  }
  for (const Object& controller : controllers) {
    Object app;
    ASSERT_OK(app_object(controller, app));
    expect_adds(app);
  }
}

TEST_F(Apps, AdderRefusesOtherShapes) {
  Object controller;
  ASSERT_OK(load(image("judge-shape"), controller));
  Object app;
  ASSERT_OK(app_object(controller, app));
  std::uint32_t out = 0;
  EXPECT_NE(Invocation(vsoc::adder::kAdd).in_value(std::uint32_t{1}).out_value(out).run(app).result, 0);
  EXPECT_NE(Invocation(vsoc::adder::kAdd).out_value(out).run(app).result, 0);
  EXPECT_NE(Invocation(77).run(app).result, 0);
  Object nothing;
  EXPECT_THAT(service_open(app, 4711, nothing), Answers(vsoc::opener::kErrorNotFound));
}

TEST_F(Apps, InstalledCallbackIsReleasedWithTheApp) {
  Object controller;
  ASSERT_OK(load(image("judge-cbo"), controller));
  const Callee callee(server(), [](Request&) { return 0; });
  ASSERT_OK(Invocation(app_controller::kInstallCbo)
                .in_value(app_controller::kCboInterfaceWait)
                .in_callback(server(), callee.id())
                .run(controller));
  EXPECT_EQ(server().references(callee.id()), 1u);
  controller = {};
  EXPECT_TRUE(poll_references(server(), callee.id(), 0));
}

}  // namespace
}  // namespace qtee::judge
