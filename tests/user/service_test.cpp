// SPDX-License-Identifier: BSD-3-Clause
//
// QTEE's services and the TAs, through the library.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include <vsoc/interfaces.hpp>

#include "user_test.hpp"

namespace qtee::test {
namespace {

std::vector<std::byte> image_read(const char* name) {
  std::ifstream file(std::string("/qtee/share/") + name, std::ios::binary);
  std::vector<char> chars((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<std::byte> bytes(chars.size());
  std::memcpy(bytes.data(), chars.data(), chars.size());
  return bytes;
}

MemoryObject pattern_memory(std::size_t size = 4096) {
  MemoryObject memory = MemoryObject::from_huge_page(size);
  memory.map().access(CpuAccess::Mode::write).store(0, vsoc::kTestPattern1);
  return memory;
}

std::uint64_t first_word(const MemoryObject& memory) {
  return memory.map().access(CpuAccess::Mode::read).load<std::uint64_t>(0);
}

class ServiceTest : public UserTest {
 protected:
  Object app(const char* image = "ta-adder.elf") {
    const auto bytes = image_read(image);
    if (bytes.empty()) throw std::runtime_error(std::string("no image ") + image);
    return client_.open<services::AppLoader>().load(bytes).app_object();
  }

  Client client_ = client();
};

TEST_F(ServiceTest, FeatureVersions) {
  const auto versions = client_.open<services::FeatureVersions>();
  EXPECT_EQ(versions.get(services::FeatureVersions::kQtee), vsoc::feature_versions::kQteeVersion);
  EXPECT_EQ(versions.qtee().major, 5u);
  EXPECT_RESULT(versions.get(11), vsoc::feature_versions::kErrorNotFound);
}

TEST_F(ServiceTest, Diagnostics) {
  const auto diagnostics = client_.open<services::Diagnostics>();
  const auto heap = diagnostics.heap_info();
  EXPECT_GT(heap.total, 0u);
  EXPECT_LE(heap.used + heap.free, heap.total);
  EXPECT_LE(heap.largest_free, heap.free);
  const Object held = app();
  std::array<char, 256> names{};
  Output out(names);
  diagnostics.object().call(OpCode(vsoc::diagnostics::kQueryLoadedApps), out);
  EXPECT_GT(out.size(), 1u);
}

TEST_F(ServiceTest, LoaderTakesImagesOfAllSizes) {
  for (const char* name : {"ta-adder.elf", "ta-adder32.elf", "ta-ecotest.elf"}) {
    const Object adder = app(name);
    EXPECT_EQ(adder.call<std::uint32_t>(OpCode(0), std::array{0xFFFFFFFFu, 2u}), 1u) << name;
  }
}

TEST_F(ServiceTest, LoaderTakesAnImageInSharedMemory) {
  const auto image = image_read("ta-ecotest.elf");
  const MemoryObject memory = MemoryObject::from_huge_page(image.size());
  const MemoryMapping mapping = memory.map();
  std::memcpy(mapping.access(CpuAccess::Mode::write).bytes().data(), image.data(), image.size());
  const Object adder = client_.open<services::AppLoader>().load(memory).app_object();
  EXPECT_EQ(adder.call<std::uint32_t>(OpCode(0), std::array{40u, 2u}), 42u);
}

TEST_F(ServiceTest, LoaderSaysWhatItRefuses) {
  const auto loader = client_.open<services::AppLoader>();
  EXPECT_RESULT(loader.load(bytes_of(1000)), vsoc::app_loader::kErrorInvalidBuffer);
  const auto single = image_read("ta-single.elf");
  const auto first = loader.load(single);
  EXPECT_RESULT(loader.load(single), vsoc::app_loader::kErrorAlreadyLoaded);
}

TEST_F(ServiceTest, UnloadedAppIsDefunct) {
  const auto controller = client_.open<services::AppLoader>().load(image_read("ta-adder.elf"));
  const Object adder = controller.app_object();
  controller.unload();
  EXPECT_RESULT(adder.call<std::uint32_t>(OpCode(0), std::array{40u, 2u}), vsoc::kDefunct);
  EXPECT_RESULT(controller.app_object(), vsoc::app_controller::kErrorAppUnloaded);
}

TEST_F(ServiceTest, MemManagerAccessesWhatIsShared) {
  namespace ops = vsoc::test_mem_manager;
  const Object manager = Client(app()).open(ServiceUid(vsoc::kAppUidTestMemManager));
  const MemoryObject memory = pattern_memory();
  manager.call(OpCode(ops::kAccess), memory);
  EXPECT_EQ(first_word(memory), vsoc::kTestPattern2);
  EXPECT_RESULT(manager.call(OpCode(ops::kAccess), memory), vsoc::kError);

  memory.map().access(CpuAccess::Mode::write).store(0, vsoc::kTestPattern1);
  manager.call(OpCode(ops::kAccess), memory);
  EXPECT_EQ(first_word(memory), vsoc::kTestPattern2);

  const MemoryObject a = pattern_memory(), b = pattern_memory(64 << 10);
  manager.call(OpCode(ops::kAccessTwoMemObjects), a, b);
  EXPECT_EQ(first_word(a), vsoc::kTestPattern2);
  EXPECT_EQ(first_word(b), vsoc::kTestPattern2);

  manager.call(OpCode(ops::kReleaseImmediately), memory);
  manager.call(OpCode(ops::kFailRelease), pattern_memory());
  EXPECT_RESULT(manager.call(OpCode(ops::kFailRead), memory), vsoc::kError);
  EXPECT_RESULT(manager.call(OpCode(ops::kFailWrite), memory), vsoc::kError);
  EXPECT_RESULT(manager.call(OpCode(ops::kFailOverlap), a, b), vsoc::kError);
  manager.call(OpCode(ops::kFailOverlap), a, a.duplicate());
  manager.call(OpCode(ops::kSkipUnmapMo), pattern_memory());
}

TEST_F(ServiceTest, MemoryThatQteeHasMappedOutlivesItsDescriptors) {
  namespace ops = vsoc::test_mem_manager;
  const Object manager = Client(app()).open(ServiceUid(vsoc::kAppUidTestMemManager));
  {
    const MemoryObject memory = pattern_memory();
    manager.call(OpCode(ops::kSkipUnmapMo), memory);
  }
  EXPECT_GE(service_.report().mappings, 1u);
  manager.call(OpCode(ops::kSkipUnmapMo), pattern_memory());
  EXPECT_EQ(service_.report_until([](const vsoc::Report& report) { return report.mappings == 1; }).mappings, 1u);
}

// What the TestCBack TA expects of its callee.
class CallableTest : public ServiceTest {
 protected:
  void SetUp() override {
    namespace ops = vsoc::test_callable;
    CallbackInterface interface;
    const auto letters = [] { return std::vector<std::byte>(8, std::byte{'A'}); };
    interface.on(OpCode(ops::kCall), [this] { ++calls_; });
    interface.on(OpCode(ops::kCallWithBuffer), [this](std::span<const std::byte> bytes) {
      ++calls_;
      if (bytes.size() != 8) throw Error(static_cast<Result>(0x0AFAFAFA));
    });
    interface.on(OpCode(ops::kCallWithBufferOut), [letters] { return letters(); });
    interface.on(OpCode(ops::kCallWithObject), [this](AnyObject object) {
      ++calls_;
      if (const auto* tee = std::get_if<Object>(&object)) {
        EXPECT_EQ(tee->call<std::uint32_t>(OpCode(0), std::array{1u, 1u}), 2u);
        ++invoked_;
      }
      if (std::holds_alternative<CallbackObject>(object)) ++own_;
      if (auto* memory = std::get_if<MemoryObject>(&object)) {
        EXPECT_EQ(first_word(*memory), vsoc::kTestPattern1);
        ++memories_;
      }
    });
    interface.on(OpCode(ops::kCallGetObject), [this] { return callee_.duplicate(); });
    interface.on(OpCode(ops::kCallGetThreeObjects),
                 [this] { return std::tuple(callee_.duplicate(), tee_.duplicate(), pattern_memory()); });
    interface.on(OpCode(ops::kCallAddInt), [](std::array<std::uint32_t, 2> in) { return in[0] + in[1]; });
    interface.on(OpCode(ops::kReturnError), [] { throw Error(static_cast<Result>(-99)); });
    interface.on(OpCode(ops::kCallCopyBuffer),
                 [](std::span<const std::byte> in) { return std::vector<std::byte>(in.begin(), in.end()); });
    interface.on(OpCode(ops::kCallFuncWithBuffer), [this](std::span<const std::byte> in) { calls_ += in.size(); });
    interface.on(OpCode(ops::kCallWithDelay), [] {
      std::this_thread::sleep_for(50ms);
      return std::uint32_t{1};
    });
    interface.on(OpCode(ops::kCallGetMemObject), [] { return pattern_memory(32 << 10); });
    interface.on(OpCode(ops::kCallGetMemObjectIn), [](std::span<const std::byte>) { return pattern_memory(); });
    interface.on(OpCode(ops::kCallGetMemObjectOut), [letters] { return std::tuple(letters(), pattern_memory()); });
    interface.on(OpCode(ops::kCallGetMemObjectInOut),
                 [letters](std::span<const std::byte>) { return std::tuple(letters(), pattern_memory()); });
    interface.on(OpCode(ops::kCallGetTwoMemObjects), [] { return std::tuple(pattern_memory(), pattern_memory()); });
    tee_ = app();
    test_ = Client(tee_.duplicate()).open(ServiceUid(vsoc::kAppUidTestCBack));
    callee_ = server_.add(std::move(interface));
  }

  void TearDown() override {
    callee_ = {};
    test_.reset();
    tee_.reset();
    EXPECT_TRUE(all_released(server_));
    EXPECT_FALSE(server_.failure()) << server_.failure().message();
  }

  std::atomic<std::size_t> calls_ = 0, invoked_ = 0, own_ = 0, memories_ = 0;
  CallbackServer server_;
  CallbackObject callee_;
  Object tee_, test_;
};

TEST_F(CallableTest, CallsAndBuffers) {
  namespace ops = vsoc::test_cback;
  test_.call(OpCode(ops::kCall), callee_);
  EXPECT_EQ(calls_, 1u);
  test_.call(OpCode(ops::kCallWithBuffer), std::uint64_t{1}, callee_);
  EXPECT_EQ(calls_, 2u);
  EXPECT_RESULT(test_.call(OpCode(ops::kCallWithBuffer), bytes_of(7), callee_), 0x0AFAFAFA);
  test_.call(OpCode(ops::kCallWithBufferOut), callee_);
  EXPECT_EQ((test_.call<std::uint32_t>(OpCode(ops::kCallAddInt), std::array{40u, 2u}, callee_)), 42u);
  EXPECT_RESULT(test_.call(OpCode(ops::kCallReturnError), callee_), -99);
  test_.call(OpCode(ops::kCallFuncWithBuffer), bytes_of(100), callee_);
  EXPECT_EQ(calls_, 103u);
  std::uint32_t delayed = 0;
  Output delay(std::span(&delayed, 1));
  test_.call(OpCode(ops::kCallWithDelay), delay, callee_);
  EXPECT_RESULT(test_.call(OpCode(ops::kCall), nullptr), vsoc::test_cback::kErrorNullObj);
  EXPECT_RESULT(test_.call(OpCode(ops::kCall), tee_), vsoc::kBadObj);
}

TEST_F(CallableTest, ObjectsOfAllKindsPass) {
  namespace ops = vsoc::test_cback;
  test_.call(OpCode(ops::kCallWithObject), callee_, callee_);
  EXPECT_EQ(own_, 1u);
  test_.call(OpCode(ops::kCallWithObject), tee_, callee_);
  EXPECT_EQ(invoked_, 1u);
  test_.call(OpCode(ops::kCallWithObject), pattern_memory(), callee_);
  EXPECT_EQ(memories_, 1u);
  test_.call(OpCode(ops::kCallWithObject), nullptr, callee_);
  EXPECT_EQ(calls_, 4u);
  test_.call(OpCode(ops::kCallGetObject), callee_);
  test_.call(OpCode(ops::kCallGetThreeObjects), callee_);
}

TEST_F(CallableTest, KeptObjectLivesByTheTasReference) {
  namespace ops = vsoc::test_cback;
  EXPECT_RESULT(test_.call(OpCode(ops::kCallSet)), vsoc::test_cback::kErrorNullObj);
  test_.call(OpCode(ops::kSet), callee_);
  test_.call(OpCode(ops::kCallSet));
  EXPECT_EQ(calls_, 1u);
  std::array<std::byte, 16> memory;
  Output copy(memory);
  test_.call(OpCode(ops::kCallCopyBuffer), bytes_of(10), copy);
  EXPECT_EQ(copy.size(), 10u);
  test_.call(OpCode(ops::kSet), nullptr);
  EXPECT_TRUE(all_released(server_));
  test_.call(OpCode(ops::kSet), callee_);
  callee_ = {};
  test_.call(OpCode(ops::kCallSet));
  EXPECT_EQ(calls_, 2u);
  EXPECT_EQ(server_.references(), 1u);
  test_.call(OpCode(ops::kSet), nullptr);
  EXPECT_TRUE(all_released(server_));
}

TEST_F(CallableTest, MemoryObjectsComeOutOfCallbacks) {
  namespace ops = vsoc::test_cback;
  for (int i = 0; i < 3; ++i) {
    test_.call(OpCode(ops::kCallGetMemObject), callee_);
    test_.call(OpCode(ops::kCallGetMemObjectIn), std::uint64_t{1}, callee_);
    test_.call(OpCode(ops::kCallGetMemObjectOut), callee_);
    test_.call(OpCode(ops::kCallGetMemObjectInOut), std::uint64_t{1}, callee_);
    test_.call(OpCode(ops::kCallGetTwoMemObjects), callee_);
  }
}

}  // namespace
}  // namespace qtee::test
