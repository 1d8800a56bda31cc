// SPDX-License-Identifier: BSD-3-Clause
//
// TestMemManager: what a TA may and may not do with memory that Linux shares. The fail… operations answer OK where what
// they try is refused, and kError where it works. Every coroutine moves `running` to a local: a parameter that is not
// used need not live as long as the frame.
#include "app_object.hpp"
#include "test_pattern.hpp"

namespace qtee::fw {
namespace {

namespace mem = vsoc::test_mem_manager;

constexpr std::uint32_t kPrimordialYield = 1;

class TestMemManager final : public AppObject {
 public:
  explicit TestMemManager(Ref<App> app) : AppObject(std::move(app)) {}

 private:
  Task<Result> serve(Call& call, std::uint32_t op, AppCall running) override {
    const bool pair = op == mem::kFailOverlap || op == mem::kAccessTwoMemObjects;
    if (op > mem::kSkipUnmapMo || !call.shape(0, 0, pair ? 2 : 1, 0)) return Task<Result>::ready(kInvalid);
    for (unsigned i = 0; i < call.objects_in(); ++i)
      if (!call.object_in(i).is_ns()) return Task<Result>::ready(kBadObject);
    switch (op) {
      case mem::kReleaseImmediately:
        return Task<Result>::ready(kOk);  // the call lets it go
      case mem::kFailRelease:
        return fail_release(call, std::move(running));
      case mem::kFailOverlap:
        return fail_overlap(call, std::move(running));
      case mem::kAccessTwoMemObjects:
        return access_two(call, std::move(running));
      default:
        return one_mapping(call, op, std::move(running));
    }
  }

  // The operations that map their one object and look at it.
  Task<Result> one_mapping(Call& call, std::uint32_t op, AppCall running) {
    const AppCall guard(std::move(running));
    MapResult mapped = co_await call.map(call.object_in(0).ns());
    if (mapped.result != kOk) co_return mapped.result;
    const Mapping& mapping = mapped.mapping;
    switch (op) {
      case mem::kFailRead:
        co_return mapping.readable() ? kError : kOk;
      case mem::kFailWrite:
        co_return mapping.writable() ? kError : kOk;
      case mem::kFail64Bit:
        co_return mapping.paddr() + mapping.bytes().size() <= (std::uint64_t{1} << 32) ? kError : kOk;
      case mem::kAccess:
      case mem::kSkipUnmapMo:
      default:
        break;
    }
    if (!test_pattern_exchange(mapping)) co_return kError;
    if (op == mem::kSkipUnmapMo) keep_mapping(std::move(mapped.mapping));
    co_return kOk;
  }

  // Lets the memory object go while it is mapped, sees to it that Linux knows, and only then touches the memory: the
  // mapping must hold it. The callback is what carries the release over.
  static Task<Result> fail_release(Call& call, AppCall running) {
    const AppCall guard(std::move(running));
    ObjectRef object = call.take(0);
    const MapResult mapped = co_await call.map(object.ns());
    if (mapped.result != kOk) co_return mapped.result;
    object = nullptr;
    CallbackArgs none;
    const NsRef primordial = object_primordial();
    const Result result = co_await call.callback(primordial, kPrimordialYield, none);
    if (result != kOk) co_return result;
    co_return test_pattern_exchange(mapped.mapping) ? kOk : kError;
  }

  static Task<Result> fail_overlap(Call& call, AppCall running) {
    const AppCall guard(std::move(running));
    const MapResult first = co_await call.map(call.object_in(0).ns());
    if (first.result != kOk) co_return first.result;
    const MapResult second = co_await call.map(call.object_in(1).ns());
    if (second.result != kOk) co_return second.result;
    const std::uint64_t a = first.mapping.paddr(), b = second.mapping.paddr();
    const bool overlap = a < b + second.mapping.bytes().size() && b < a + first.mapping.bytes().size();
    co_return overlap ? kOk : kError;
  }

  static Task<Result> access_two(Call& call, AppCall running) {
    const AppCall guard(std::move(running));
    const MapResult first = co_await call.map(call.object_in(0).ns());
    if (first.result != kOk) co_return first.result;
    const MapResult second = co_await call.map(call.object_in(1).ns());
    if (second.result != kOk) co_return second.result;
    co_return test_pattern_exchange(first.mapping) && test_pattern_exchange(second.mapping) ? kOk : kError;
  }
};

}  // namespace

TeeRef test_mem_manager_new(Ref<App> app) { return object_new<TestMemManager>(std::move(app)); }

}  // namespace qtee::fw
