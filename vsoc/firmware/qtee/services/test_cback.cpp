// SPDX-License-Identifier: BSD-3-Clause
//
// TestCBack: every operation but `set` is one callback, told by a row of the table.
#include <algorithm>
#include <cstring>

#include "app_object.hpp"
#include "test_pattern.hpp"

namespace qtee::fw {
namespace {

namespace cback = vsoc::test_cback;
namespace callable = vsoc::test_callable;

// Where the callback's output buffer comes from.
enum class Out : std::uint8_t { none, scratch, call };

// What an answer of OK must have brought.
enum class Check : std::uint8_t { none, filled, letters, sum, copy };

// What the objects that the answer brings must be.
enum class Objects : std::uint8_t { any, memory };

// One operation and its callback. Its last object is the callee; one without objects calls the kept one.
struct Row {
  std::uint8_t ins = 0, outs = 0, objects = 1;  // its own shape, with no output objects
  std::uint32_t op;                             // of the callback
  bool pass_object = false;                     // object 0 goes on
  Out out = Out::none;
  Check check = Check::none;
  std::uint8_t wanted = 0;  // objects that the answer is to bring
  Objects kind = Objects::any;
};

// In the order of test_cback::Op. An input buffer, where there is one, goes on.
constexpr Row kRows[] = {
    {.op = 0},  // set, which is no callback
    {.objects = 0, .op = callable::kCall},
    {.op = callable::kCall},
    {.ins = 1, .op = callable::kCallWithBuffer},
    {.op = callable::kCallWithBufferOut, .out = Out::scratch, .check = Check::filled},
    {.objects = 2, .op = callable::kCallWithObject, .pass_object = true},
    {.op = callable::kCallGetObject, .wanted = 1},
    {.op = callable::kCallGetThreeObjects, .wanted = 3},
    {.ins = 1, .outs = 1, .op = callable::kCallAddInt, .out = Out::call, .check = Check::sum},
    {.op = callable::kReturnError},
    {.ins = 1, .outs = 1, .objects = 0, .op = callable::kCallCopyBuffer, .out = Out::call, .check = Check::copy},
    {.ins = 1, .op = callable::kCallFuncWithBuffer},
    {.outs = 1, .op = callable::kCallWithDelay, .out = Out::call},
    {.op = callable::kCallGetMemObject, .wanted = 1, .kind = Objects::memory},
    {.ins = 1, .op = callable::kCallGetMemObjectIn, .wanted = 1, .kind = Objects::memory},
    {.op = callable::kCallGetMemObjectOut,
     .out = Out::scratch,
     .check = Check::letters,
     .wanted = 1,
     .kind = Objects::memory},
    {.ins = 1,
     .op = callable::kCallGetMemObjectInOut,
     .out = Out::scratch,
     .check = Check::letters,
     .wanted = 1,
     .kind = Objects::memory},
    {.op = callable::kCallGetTwoMemObjects, .wanted = 2, .kind = Objects::memory},
};
static_assert(std::size(kRows) == cback::kCallGetTwoMemObjects + 1);
constexpr std::size_t kMaxWanted = 3;

class TestCBack final : public AppObject {
 public:
  explicit TestCBack(Ref<App> app) : AppObject(std::move(app)) {}

 private:
  Task<Result> serve(Call& call, std::uint32_t op, AppCall running) override {
    if (op == cback::kSet) return Task<Result>::ready(call.shape(0, 0, 1, 0) ? set(call) : kInvalid);
    if (op >= std::size(kRows)) return Task<Result>::ready(kInvalid);
    const Row& row = kRows[op];
    if (!call.shape(row.ins, row.outs, row.objects, 0)) return Task<Result>::ready(kInvalid);
    ObjectRef callee = row.objects == 0 ? this->callee() : call.object_in(row.objects - 1u);
    if (callee.is_null()) return Task<Result>::ready(cback::kErrorNullObj);
    if (!callee.is_ns()) return Task<Result>::ready(kBadObject);
    return call_back(call, row, std::move(callee), std::move(running));
  }

  // An object of QTEE's own can't be called, and one of ours would keep itself alive.
  Result set(Call& call) {
    if (call.object_in(0).is_tee()) return kBadObject;
    keep_callee(call.take(0));
    return kOk;
  }

  static Task<Result> call_back(Call& call, const Row& row, ObjectRef callee, AppCall running) {
    const AppCall guard(std::move(running));  // a parameter that is not used need not live as long as the frame
    // Copies of what is checked against the answer, made before Linux sees any of it.
    std::uint32_t terms[2] = {};
    if (row.check == Check::sum && !call.in_value(0, terms)) co_return kInvalid;
    if (row.check == Check::sum && call.out(0).size() < sizeof terms[0]) co_return kSizeOut;
    std::byte scratch[cback::kBufferOut];
    CallbackArgs args;
    if (row.check == Check::sum)
      args.add_in_value(terms);
    else if (row.ins != 0)
      args.add_in(call.in(0));
    if (row.out == Out::scratch) args.add_out(scratch);
    if (row.out == Out::call) args.add_out(call.out(0));
    if (row.pass_object) args.add_object(call.object_in(0));
    args.want_objects(row.wanted);

    const Result result = co_await call.callback(callee.ns(), row.op, args);
    if (result != kOk) co_return result;
    if (!output_ok(call, row, args, scratch, terms)) co_return cback::kErrorBadOutput;
    if (row.out == Out::call) call.out_size(0, args.out_size(0));

    // Memory objects stay mapped until all of them have been looked at, as two mappings at once are.
    ObjectRef objects[kMaxWanted];
    Mapping mappings[kMaxWanted];
    for (unsigned i = 0; i < row.wanted; ++i) {
      objects[i] = args.take(i);
      if (objects[i].is_null()) co_return cback::kErrorBadOutput;
      if (row.kind != Objects::memory) continue;
      if (!objects[i].is_ns()) co_return cback::kErrorBadOutput;
      MapResult mapped = co_await call.map(objects[i].ns());
      if (mapped.result != kOk) co_return mapped.result;
      mappings[i] = std::move(mapped.mapping);
      if (!test_pattern_exchange(mappings[i])) co_return cback::kErrorBadOutput;
    }
    co_return kOk;
  }

  static bool output_ok(Call& call, const Row& row, const CallbackArgs& args, const std::byte* scratch,
                        const std::uint32_t* terms) {
    const std::size_t size = args.out_size(0);
    switch (row.check) {
      case Check::filled:
        return size != 0;
      case Check::letters:
        return size != 0 && std::all_of(scratch, scratch + size, [](std::byte b) { return b == std::byte{'A'}; });
      case Check::sum: {
        std::uint32_t sum;
        if (size != sizeof sum) return false;
        std::memcpy(&sum, call.out(0).data(), sizeof sum);
        return sum == terms[0] + terms[1];
      }
      case Check::copy:
        return size == std::min(call.in(0).size(), call.out(0).size()) &&
               (size == 0 || std::memcmp(call.out(0).data(), call.in(0).data(), size) == 0);
      case Check::none:
      default:
        return true;
    }
  }
};

}  // namespace

TeeRef test_cback_new(Ref<App> app) { return object_new<TestCBack>(std::move(app)); }

}  // namespace qtee::fw
