// SPDX-License-Identifier: BSD-3-Clause
//
// FeatureVersions, Diagnostics, AppLoader and what it loads.
#include "rig.hpp"
#include "ta_builder.hpp"

namespace qtee::fw::services_test {
namespace {

namespace diag = vsoc::diagnostics;
namespace loader = vsoc::app_loader;
namespace controller = vsoc::app_controller;

class Services : public ::testing::Test {
 protected:
  Answer load(const Bytes& image) { return rig.op(loader::kLoadFromBuffer).in(image).wants(1).run(app_loader); }
  Id loaded(const Bytes& image) {
    const auto answer = load(image);
    EXPECT_EQ(answer.result, 0);
    return answer.result == 0 ? answer.objects[0] : 0;
  }
  Id app_object(Id of) {
    const auto answer = rig.op(controller::kGetAppObject).wants(1).run(of);
    EXPECT_EQ(answer.result, 0);
    return answer.result == 0 ? answer.objects[0] : 0;
  }
  std::int32_t add(Id app) {
    const std::uint32_t terms[] = {40, 2};
    const auto answer = rig.op(vsoc::adder::kAdd).in_value(terms).out(4).run(app);
    if (answer.result == 0) {
      EXPECT_EQ(value_of<std::uint32_t>(answer.outs[0]), 42u);
    }
    return answer.result;
  }
  std::string names() {
    const auto answer = rig.op(diag::kQueryLoadedApps).out(4096).run(diagnostics);
    EXPECT_EQ(answer.result, 0);
    const auto& out = answer.outs.at(0);
    return {reinterpret_cast<const char*>(out.data()), out.size()};
  }
  Answer info(std::string_view name) {
    return rig.op(diag::kQueryAppInfo).in(bytes_of(name)).out(sizeof(diag::AppInfo)).run(diagnostics);
  }
  void expect_clean() {
    rig.release(app_loader);
    rig.release(diagnostics);
    rig.expect_clean();
  }

  static Bytes image(std::string name, std::size_t size = 8192, std::uint32_t flags = 0) {
    return vsoc::ta_build({.name = std::move(name), .size = size, .flags = flags});
  }

  Rig rig;
  Id app_loader = rig.open(vsoc::kUidAppLoader);
  Id diagnostics = rig.open(vsoc::kUidDiagnostics);
};

TEST_F(Services, FeatureVersions) {
  const Id features = rig.open(vsoc::kUidFeatureVersions);
  const auto get = [&](std::uint32_t op, Bytes in, std::size_t out) {
    return rig.op(op).in(std::move(in)).out(out).run(features);
  };
  const auto answer = get(0, bytes_of(std::uint32_t{10}), 4);
  ASSERT_EQ(answer.result, 0);
  EXPECT_EQ(value_of<std::uint32_t>(answer.outs[0]), 5u << 22 | 2u << 12 | 7u);
  EXPECT_EQ(get(0, bytes_of(std::uint32_t{11}), 4).result, vsoc::feature_versions::kErrorNotFound);
  EXPECT_EQ(get(0, bytes_of(std::uint32_t{10}), 3).result, vsoc::kSizeOut);
  EXPECT_EQ(get(0, Bytes(3), 4).result, vsoc::kInvalid);
  EXPECT_EQ(get(1, bytes_of(std::uint32_t{10}), 4).result, vsoc::kInvalid);
  EXPECT_EQ(rig.op(0).run(features).result, vsoc::kInvalid);
  rig.release(features);
  expect_clean();
}

TEST_F(Services, HeapInfoIsOfTheRealHeap) {
  const auto heap = [&] {
    const auto answer = rig.op(diag::kQueryHeapInfo).out(24).run(diagnostics);
    EXPECT_EQ(answer.result, 0);
    return value_of<diag::HeapInfo>(answer.outs.at(0));
  };
  const auto before = heap();
  EXPECT_EQ(std::uint64_t{before.used} + before.free + before.overhead + before.wasted, before.total);
  EXPECT_LE(before.largest_free, before.free);
  const Id app = loaded(image("heap"));
  EXPECT_GT(heap().used, before.used);
  rig.release(app);
  EXPECT_EQ(heap().used, before.used);
  EXPECT_EQ(rig.op(diag::kQueryHeapInfo).out(23).run(diagnostics).result, vsoc::kSizeOut);
  EXPECT_EQ(rig.op(diag::kQueryHeapInfo).run(diagnostics).result, vsoc::kInvalid);
  expect_clean();
}

TEST_F(Services, LoadedAppsAreListed) {
  EXPECT_EQ(names(), "");
  const Id one = loaded(image("one")), two = loaded(image("two")), again = loaded(image("one"));
  EXPECT_EQ(names(), std::string("one\0two\0one\0", 12));
  EXPECT_EQ(rig.op(diag::kQueryLoadedApps).out(11).run(diagnostics).result, diag::kErrorBufferTooSmall);
  EXPECT_EQ(rig.op(diag::kQueryLoadedApps).run(diagnostics).result, vsoc::kInvalid);
  rig.release(one);
  EXPECT_EQ(names(), std::string("two\0one\0", 8));
  rig.release(again);
  rig.release(two);
  EXPECT_EQ(names(), "");
  expect_clean();
}

TEST_F(Services, AppInfo) {
  const auto bytes = image("info", 32'856);
  const Id first = loaded(bytes), second = loaded(bytes);
  const Id app = app_object(first);
  const auto answer = info("info");
  ASSERT_EQ(answer.result, 0);
  const auto told = value_of<diag::AppInfo>(answer.outs[0]);
  EXPECT_STREQ(told.name, "info");
  EXPECT_EQ(told.image_size, 32'856u);
  EXPECT_EQ(told.elf_class, 64u);
  EXPECT_EQ(told.instances, 2u);
  EXPECT_EQ(told.objects, 2u);
  EXPECT_EQ(told.calls, 0u);
  EXPECT_NE(told.image_hash, 0u);
  EXPECT_EQ(info(std::string_view("info\0", 5)).result, 0) << "with its NUL";
  EXPECT_EQ(info("nobody").result, diag::kErrorAppNotFound);
  EXPECT_EQ(info("").result, vsoc::kInvalid);
  EXPECT_EQ(info(std::string(64, 'a')).result, vsoc::kInvalid);
  EXPECT_EQ(info(std::string_view("in\0fo", 5)).result, vsoc::kInvalid);
  EXPECT_EQ(rig.op(diag::kQueryAppInfo).in(bytes_of("info")).out(95).run(diagnostics).result, vsoc::kSizeOut);
  EXPECT_EQ(rig.op(diag::kQueryAppInfo).in(bytes_of("info")).run(diagnostics).result, vsoc::kInvalid);
  const auto dump = [&](std::string_view name) {
    return rig.op(diag::kQueryAppDump).in(bytes_of(name)).out(8).out(8).out(8).run(diagnostics).result;
  };
  EXPECT_EQ(dump("info"), diag::kErrorNotSupported);
  EXPECT_EQ(dump("nobody"), diag::kErrorAppNotFound);
  EXPECT_EQ(dump(""), vsoc::kInvalid);
  EXPECT_EQ(rig.op(diag::kQueryAppDump).in(bytes_of("info")).out(8).run(diagnostics).result, vsoc::kInvalid);
  EXPECT_EQ(rig.op(5).run(diagnostics).result, vsoc::kInvalid);
  rig.release(app);
  rig.release(first);
  rig.release(second);
  expect_clean();
}

TEST_F(Services, AppRegion) {
  const auto query = [&](std::size_t a, std::size_t b, std::size_t c) {
    return rig.op(diag::kQueryAppRegion).out(a).out(b).out(c).run(diagnostics);
  };
  const auto empty = query(16, 24, 64);
  ASSERT_EQ(empty.result, 0);
  EXPECT_EQ(value_of<diag::HeapInfo>(empty.outs[1]).used, 0u);
  EXPECT_EQ(empty.outs[2].size(), 0u);
  const Id app = loaded(image("region"));
  const auto full = query(16, 24, 64);
  ASSERT_EQ(full.result, 0);
  const auto usage = value_of<diag::HeapInfo>(full.outs[1]);
  EXPECT_GT(usage.used, 0u);
  EXPECT_EQ(usage.used % 4096, 0u);
  EXPECT_EQ(usage.used + usage.free, usage.total);
  EXPECT_EQ(full.outs[2], bytes_of(std::string_view("region\0", 7)));
  EXPECT_EQ(query(15, 24, 64).result, vsoc::kSizeOut);
  EXPECT_EQ(query(16, 23, 64).result, vsoc::kSizeOut);
  EXPECT_EQ(query(16, 24, 6).result, diag::kErrorBufferTooSmall);
  EXPECT_EQ(rig.op(diag::kQueryAppRegion).out(16).run(diagnostics).result, vsoc::kInvalid);
  rig.release(app);
  expect_clean();
}

TEST_F(Services, AnyImageIsAnAdder) {
  const Bytes images[] = {image("a"), vsoc::ta_build({.name = "", .size = 118'216}),
                          vsoc::ta_build({.name = "arm", .elf_class = 32})};
  for (const auto& bytes : images) {
    const Id of = loaded(bytes);
    const Id app = app_object(of);
    EXPECT_EQ(add(app), 0);
    rig.release(of);
    EXPECT_EQ(add(app), 0) << "the app lives as long as its objects";
    rig.release(app);
  }
  expect_clean();
}

TEST_F(Services, AppObjectShapes) {
  const Id app = rig.load_app(image("shapes"));
  EXPECT_EQ(rig.op(0).in(Bytes(7)).out(4).run(app).result, vsoc::kInvalid);
  EXPECT_EQ(rig.op(0).in(Bytes(8)).out(3).run(app).result, vsoc::kSizeOut);
  EXPECT_EQ(rig.op(0).run(app).result, vsoc::kInvalid);
  EXPECT_EQ(rig.op(1).in(Bytes(8)).out(4).run(app).result, vsoc::kInvalid);
  EXPECT_EQ(rig.op(0).in(Bytes(5)).wants(1).run(app).result, vsoc::kInvalid);
  for (const std::uint32_t uid : {0u, 1u, 3u, 4u, 6u, 0xFFu})
    EXPECT_EQ(rig.op(0).in_value(uid).wants(1).run(app).result, vsoc::opener::kErrorNotFound) << uid;
  rig.release(app);
  expect_clean();
}

TEST_F(Services, BadImages) {
  EXPECT_EQ(load({}).result, loader::kErrorInvalidBuffer);
  EXPECT_EQ(load(Bytes(100)).result, loader::kErrorInvalidBuffer);
  Bytes cut = image("cut");
  cut.resize(cut.size() / 2);
  EXPECT_EQ(load(cut).result, loader::kErrorElfLoading);
  Bytes nameless = image("n");
  nameless[64 + 3 * 56 + 28] = std::byte{0};
  EXPECT_EQ(load(nameless).result, loader::kErrorNoNameInMetadata);
  nameless[64 + 3 * 56 + 28] = std::byte{'/'};
  EXPECT_EQ(load(nameless).result, loader::kErrorMetadataInvalid);
  EXPECT_EQ(rig.op(loader::kLoadFromBuffer).in(image("x")).run(app_loader).result, vsoc::kInvalid);
  EXPECT_EQ(rig.op(4).run(app_loader).result, vsoc::kInvalid);
  EXPECT_EQ(names(), "");
  expect_clean();
}

TEST_F(Services, SingleInstance) {
  const auto single = image("single", 8192, vsoc::kTaSingleInstance);
  const Id first = loaded(single);
  EXPECT_EQ(load(single).result, loader::kErrorAlreadyLoaded);
  EXPECT_EQ(load(image("single")).result, loader::kErrorAlreadyLoaded);
  rig.release(first);
  rig.release(loaded(single));
  expect_clean();
}

TEST_F(Services, AppsAreBounded) {
  const auto small = image("small", 2048);
  std::vector<Id> all;
  for (std::size_t i = 0; i < loader::kMaxApps; ++i) all.push_back(loaded(small));
  EXPECT_EQ(load(small).result, loader::kErrorMaxNumApps);
  for (const auto id : all) rig.release(id);
  expect_clean();
}

TEST_F(Services, TheRegionIsBounded) {
  ASSERT_EQ(
      rig.op(vsoc::client_env::kConfigTaRegion).in_value(vsoc::client_env::TaRegion{0xA0000000, 0x10000}).run(1).result,
      0);
  const Id first = loaded(image("first", 32'856));
  EXPECT_EQ(load(image("second", 32'856)).result, loader::kErrorTaAppRegionMallocFailure);
  rig.release(first);
  rig.release(loaded(image("second", 32'856)));
  expect_clean();
}

TEST_F(Services, OutOfHeapIsAnAnswer) {
  // Fill the heap with objects of the private service until an image no longer finds room.
  const Id service = rig.open(vsoc::kServiceUid);
  std::vector<Id> all;
  std::int32_t result = 0;
  const auto large = image("large", 512 * 1024);
  while (result == 0 && all.size() < 16'000) {
    const auto made = rig.op(static_cast<std::uint32_t>(vsoc::Op::create)).wants(15).run(service);
    if (made.result != 0) break;
    all.insert(all.end(), made.objects.begin(), made.objects.end());
    if (all.size() % 300 != 0) continue;
    const auto answer = load(large);
    result = answer.result;
    if (result == 0) rig.release(answer.objects[0]);
  }
  if (result != 0) {
    EXPECT_EQ(result, loader::kErrorTzHeapMallocFailure);
  }
  for (const auto id : all) rig.release(id);
  rig.release(service);
  expect_clean();
}

TEST_F(Services, LoadFromRegion) {
  const auto bytes = image("mapped", 32'856);
  Memory memory = rig.memory(bytes.size());
  std::memcpy(memory.bytes.data(), bytes.data(), bytes.size());
  const auto from = [&](Id id) { return rig.op(loader::kLoadFromRegion).object(id).wants(1).run(app_loader); };
  const auto answer = from(rig.memory_object(memory));
  ASSERT_EQ(answer.result, 0);
  EXPECT_EQ(rig.map_requests(), 1u);
  EXPECT_EQ(names(), std::string("mapped\0", 7));
  rig.release(answer.objects[0]);
  EXPECT_EQ(rig.ids_alive(), 0u) << "the region stays mapped";

  EXPECT_EQ(from(rig.memory_object(rig.memory(4096))).result, loader::kErrorInvalidBuffer);
  EXPECT_EQ(from(0).result, loader::kErrorInvalidBuffer);
  EXPECT_EQ(from(rig.callback([](const Request&) { return Reply{}; })).result, -96) << "Linux maps only memory";
  const Id service = rig.open(vsoc::kUidFeatureVersions);
  EXPECT_EQ(from(service).result, vsoc::kBadObj);
  rig.release(service);
  memory.perms = 2;
  EXPECT_EQ(from(rig.memory_object(memory)).result, loader::kErrorInvalidBuffer) << "not for reading";
  EXPECT_EQ(rig.op(loader::kLoadFromRegion).wants(1).run(app_loader).result, vsoc::kInvalid);
  expect_clean();
}

TEST_F(Services, EmbeddedAndConnect) {
  const auto named = [&](std::uint32_t op, std::string_view name) {
    return rig.op(op).in(bytes_of(name)).wants(1).run(app_loader);
  };
  EXPECT_EQ(named(loader::kConnect, loader::kEmbeddedSkeleton).result, loader::kErrorAppNotLoaded);
  EXPECT_EQ(named(loader::kLoadEmbedded, "other").result, loader::kErrorEmbeddedImageNotFound);
  EXPECT_EQ(named(loader::kLoadEmbedded, "").result, vsoc::kInvalid);
  EXPECT_EQ(named(loader::kConnect, "").result, vsoc::kInvalid);
  EXPECT_EQ(rig.op(loader::kConnect).in(bytes_of("a")).run(app_loader).result, vsoc::kInvalid);
  EXPECT_EQ(rig.op(loader::kLoadEmbedded).in(bytes_of("a")).run(app_loader).result, vsoc::kInvalid);
  const auto first = named(loader::kLoadEmbedded, loader::kEmbeddedSkeleton);
  ASSERT_EQ(first.result, 0);
  const auto second = named(loader::kConnect, loader::kEmbeddedSkeleton);
  ASSERT_EQ(second.result, 0);
  EXPECT_NE(first.objects[0], second.objects[0]);
  rig.release(first.objects[0]);
  const Id app = app_object(second.objects[0]);
  EXPECT_EQ(add(app), 0);
  EXPECT_EQ(rig.op(controller::kUnload).run(second.objects[0]).result, 0);
  EXPECT_EQ(named(loader::kConnect, loader::kEmbeddedSkeleton).result, loader::kErrorAppNotLoaded);
  rig.release(app);
  rig.release(second.objects[0]);
  expect_clean();
}

TEST_F(Services, UnloadEndsAllObjects) {
  const Id of = loaded(image("gone"));
  const Id app = app_object(of);
  const auto open = [&](std::uint32_t uid) { return rig.op(0).in_value(uid).wants(1).run(app); };
  const Id cback = open(vsoc::kAppUidTestCBack).objects.at(0);
  const Id memory = open(vsoc::kAppUidTestMemManager).objects.at(0);
  // What they keep must go with the app although the objects stay.
  ASSERT_EQ(
      rig.op(vsoc::test_cback::kSet).object(rig.callback([](const Request&) { return Reply{}; })).run(cback).result, 0);
  Memory shared = rig.memory(4096);
  shared.set_word(vsoc::kTestPattern1);
  ASSERT_EQ(rig.op(vsoc::test_mem_manager::kSkipUnmapMo).object(rig.memory_object(shared)).run(memory).result, 0);
  ASSERT_EQ(rig.op(controller::kInstallCbo)
                .in_value(controller::kCboInterfaceWait)
                .object(rig.callback([](const Request&) { return Reply{}; }))
                .run(of)
                .result,
            0);
  EXPECT_EQ(rig.report().mappings, 1u);
  EXPECT_EQ(rig.ids_alive(), 3u);

  EXPECT_EQ(rig.op(controller::kUnload).run(of).result, 0);
  EXPECT_EQ(rig.report().mappings, 0u);
  EXPECT_EQ(rig.ids_alive(), 0u);
  EXPECT_EQ(names(), "");
  EXPECT_EQ(add(app), vsoc::kDefunct);
  EXPECT_EQ(open(vsoc::kAppUidTestCBack).result, vsoc::kDefunct);
  EXPECT_EQ(rig.op(vsoc::test_cback::kCallSet).run(cback).result, vsoc::kDefunct);
  EXPECT_EQ(rig.op(vsoc::test_mem_manager::kAccess).object(rig.memory_object(shared)).run(memory).result,
            vsoc::kDefunct);
  for (const std::uint32_t op : {controller::kUnload, controller::kRestart})
    EXPECT_EQ(rig.op(op).run(of).result, controller::kErrorAppUnloaded);
  EXPECT_EQ(rig.op(controller::kGetAppObject).wants(1).run(of).result, controller::kErrorAppUnloaded);
  EXPECT_EQ(rig.op(controller::kDisconnect).run(of).result, 0);
  for (const Id id : {of, app, cback, memory}) rig.release(id);
  expect_clean();
}

TEST_F(Services, OtherInstancesOutliveAnUnload) {
  const Id first = loaded(image("twin")), second = loaded(image("twin"));
  const Id app = app_object(second);
  EXPECT_EQ(rig.op(controller::kUnload).run(first).result, 0);
  EXPECT_EQ(add(app), 0);
  EXPECT_EQ(value_of<diag::AppInfo>(info("twin").outs.at(0)).instances, 1u);
  for (const Id id : {first, second, app}) rig.release(id);
  expect_clean();
}

TEST_F(Services, NoUnloadWhileAnOperationRuns) {
  const Id of = loaded(image("busy"));
  const Id app = app_object(of);
  const Id cback = rig.op(0).in_value(vsoc::kAppUidTestCBack).wants(1).run(app).objects.at(0);
  std::int32_t unload = 0;
  std::uint32_t calls = 0;
  const Id callee = rig.callback([&](const Request&) {
    unload = rig.op(controller::kUnload).run(of).result;
    calls = value_of<diag::AppInfo>(info("busy").outs.at(0)).calls;
    return Reply{};
  });
  EXPECT_EQ(rig.op(vsoc::test_cback::kCall).object(callee).run(cback).result, 0);
  EXPECT_EQ(unload, controller::kErrorAppInUse);
  EXPECT_EQ(calls, 1u);
  EXPECT_EQ(rig.op(controller::kUnload).run(of).result, 0);
  for (const Id id : {of, app, cback}) rig.release(id);
  expect_clean();
}

TEST_F(Services, ObjectsReleasedWhileTheirOperationRuns) {
  const Id of = loaded(image("released"));
  const Id app = app_object(of);
  const Id cback = rig.op(0).in_value(vsoc::kAppUidTestCBack).wants(1).run(app).objects.at(0);
  const Id callee = rig.callback([&](const Request&) {
    for (const Id id : {of, app, cback}) rig.release(id);
    return Reply{.result = 77};
  });
  EXPECT_EQ(rig.op(vsoc::test_cback::kCall).object(callee).run(cback).result, 77);
  EXPECT_EQ(names(), "");
  expect_clean();
}

TEST_F(Services, Controller) {
  const Id of = loaded(image("control"));
  EXPECT_EQ(rig.op(controller::kRestart).run(of).result, controller::kErrorStillRunning);
  const auto session = [&](unsigned objects) {
    auto call = rig.op(controller::kOpenSession);
    for (int i = 0; i < 5; ++i) call = std::move(call).in(Bytes(4)).out(4);
    for (unsigned i = 0; i < objects; ++i) call = std::move(call).object(0);
    return std::move(call).wants(1).run(of).result;
  };
  EXPECT_EQ(session(4), controller::kErrorNotSupported);
  EXPECT_EQ(session(1), controller::kErrorNotSupported);
  EXPECT_EQ(session(2), vsoc::kInvalid);
  const auto install = [&](std::uint32_t uid, Id id) {
    return rig.op(controller::kInstallCbo).in_value(uid).object(id).run(of).result;
  };
  const auto nothing = [](const Request&) { return Reply{}; };
  EXPECT_EQ(install(2, rig.callback(nothing)), controller::kErrorCboUnknown);
  EXPECT_EQ(rig.ids_alive(), 0u);
  EXPECT_EQ(install(1, rig.callback(nothing)), 0);
  EXPECT_EQ(install(1, rig.callback(nothing)), 0);
  (void)rig.report();
  EXPECT_EQ(rig.ids_alive(), 1u) << "the first was not let go";
  EXPECT_EQ(install(1, 0), 0);
  (void)rig.report();
  EXPECT_EQ(rig.ids_alive(), 0u);
  EXPECT_EQ(install(1, app_loader), vsoc::kBadObj);
  EXPECT_EQ(rig.op(controller::kInstallCbo).in(Bytes(3)).object(0).run(of).result, vsoc::kInvalid);
  for (std::uint32_t op = 0; op <= 6; ++op) EXPECT_EQ(rig.op(op).out(4).out(4).run(of).result, vsoc::kInvalid) << op;

  EXPECT_EQ(rig.op(controller::kDisconnect).run(of).result, 0);
  EXPECT_EQ(names(), "") << "its only holder let go";
  for (const std::uint32_t op : {controller::kUnload, controller::kDisconnect, controller::kRestart})
    EXPECT_EQ(rig.op(op).run(of).result, controller::kErrorAppDisconnected);
  EXPECT_EQ(rig.op(controller::kGetAppObject).wants(1).run(of).result, controller::kErrorAppDisconnected);
  rig.release(of);
  expect_clean();
}

}  // namespace
}  // namespace qtee::fw::services_test
