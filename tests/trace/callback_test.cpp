// SPDX-License-Identifier: BSD-3-Clause
//
// Events of callbacks: the invoker's and the server's are one story.
#include <fcntl.h>

#include <atomic>
#include <cerrno>
#include <future>
#include <set>

#include "trace_test.hpp"

namespace qtee::test {
namespace {

using vsoc::ArmKind;
using vsoc::Op;

const Names kOne = {"callback_request", "callback_dispatch", "callback_queue", "callback_receive",
                    "callback_reply",   "callback_end",      "smc_enter",      "smc_exit"};

/// An invocation with so many callbacks to a server, one after another.
Names with_callbacks(unsigned count) {
  Names names = {"invoke_begin", "object_create", "smc_enter", "smc_exit"};
  for (unsigned i = 0; i < count; ++i) names.insert(names.end(), kOne.begin(), kOne.end());
  names.push_back("invoke_end");
  return names;
}

class CallbackTest : public TraceTest {
 protected:
  struct Answer {
    int error;
    std::int32_t result;
  };

  /// An invocation, on a thread of its own, that calls object `id` of the raw server with 13 bytes and room for 9.
  std::future<Answer> invoke(std::uint64_t id, std::uint32_t op) {
    return std::async(std::launch::async, [=, this] {
      const vsoc::CallbackRequest request{op, 1};
      const auto in = bytes_of(13);
      std::vector<std::byte> out(9);
      RawInvoke call(static_cast<std::uint32_t>(Op::callback),
                     {param_in(&request, sizeof request), param_in(in.data(), in.size()),
                      param_out(out.data(), out.size()), param_object(static_cast<std::int64_t>(id), raw_.get())});
      const int error = call.invoke(fd());
      return Answer{error, call.head().result};
    });
  }

  /// Takes the notification that QTEE has let the object of `id` go.
  void expect_release(std::uint64_t id) {
    RawRequest request;
    for (int i = 0; i < 100 && !server_wait(raw_.get(), 20); ++i) service_.null();
    ASSERT_EQ(request.receive(raw_.get()), 0);
    EXPECT_EQ(request.head().request_id, 0u);
    EXPECT_EQ(request.head().id, id);
  }

  /// What QTEE says beside its answers comes when it comes.
  static Events without_async(const Events& events) { return events.without("async").without("object_release"); }

  FileDescriptor raw_ = server_open(O_NONBLOCK);
};

TEST_F(CallbackTest, InvokerAndServerAreOneStory) {
  CallbackServer server;
  std::atomic<int> servant = 0;
  const CallbackObject own = server.add([&](CallbackRequest& call) {
    servant = gettid();
    call.set_output(0, call.input(0));
    return Result::ok;
  });
  const Events all = record([&] {
    EXPECT_EQ(service_.object().call<std::uint32_t>(Op::callback, vsoc::CallbackRequest{7, 1}, 5u, own), 5u);
    EXPECT_TRUE(all_released(server));
  });
  const Events call = without_async(all.of(all.by(gettid())[0].invocation()));
  ASSERT_EQ(call.names(), with_callbacks(1));

  for (std::size_t i = 0; i < call.size(); ++i) {
    const bool served = call[i].name == "callback_receive" || call[i].name == "callback_reply";
    EXPECT_EQ(call[i].thread, served ? servant.load() : gettid()) << call[i].name;
  }
  // The object has an id, by which QTEE calls it.
  const std::string& id = call[call.index("object_create")].text("object");
  EXPECT_NE(std::stoul(id, nullptr, 16) & 0x80000000, 0u);
  for (const char* name : {"callback_request", "callback_dispatch", "callback_end"})
    EXPECT_EQ(call[call.index(name)].text("object"), id) << name;
  EXPECT_EQ(call[call.index("callback_dispatch")].text("name"), "user");
  // Both SMCs: the invocation, which comes back with the request, and the answer.
  EXPECT_EQ(call[3].text("answer"), "callback");
  EXPECT_EQ(call[3].number("type"), 3);
  EXPECT_EQ(call[call.size() - 3].text("kind"), "respond");
  EXPECT_EQ(call[call.size() - 2].text("answer"), "final");
  EXPECT_EQ(call[call.size() - 2].text("kind"), "respond");

  const Events released = all.named("object_release").with("object", id);
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(released[0].text("fate"), "released");
  std::int64_t told = 0;
  for (const Event& async : all.named("async")) {
    EXPECT_EQ(async.text("op"), "RELEASE");
    EXPECT_EQ(async.text("error"), "0(none)");
    EXPECT_EQ(async.number("version") >> 16, 1);
    told += async.number("count");
  }
  EXPECT_EQ(told, 1);
}

TEST_F(CallbackTest, ServersFieldsAreTrue) {
  constexpr std::uint64_t kObject = 0xABCDEF0123456789;
  std::uint32_t number = 0;
  const Events all = record([&] {
    auto answer = invoke(kObject, 42);
    ASSERT_TRUE(server_wait(raw_.get()));
    RawRequest request;
    ASSERT_EQ(request.receive(raw_.get()), 0);
    number = request.head().request_id;
    ASSERT_EQ(request.reply(raw_.get(), -12345), 0);
    EXPECT_EQ(answer.get().result, -12345);
    expect_release(kObject);
  });
  const Events call = without_async(all.of(all.named("callback_request")[0].invocation()));
  ASSERT_EQ(call.names(), with_callbacks(1));
  const Event& request = call[4];
  EXPECT_EQ(request.number("op"), 42);
  EXPECT_EQ(request.number("ib"), 1);
  EXPECT_EQ(request.number("ob"), 1);
  EXPECT_EQ(request.number("io"), 0);
  EXPECT_EQ(request.number("oo"), 0);
  EXPECT_EQ(request.number("in_bytes"), 13);
  EXPECT_EQ(request.number("out_bytes"), 9);
  for (const char* name : {"callback_queue", "callback_receive", "callback_reply"}) {
    const Event& event = call[call.index(name)];
    EXPECT_EQ(static_cast<std::uint64_t>(event.number("object")), kObject) << name;
    EXPECT_EQ(event.number("request"), number) << name;
    EXPECT_EQ(event.number("op"), 42) << name;
  }
  EXPECT_EQ(call[call.index("callback_reply")].number("result"), -12345);
  const Event& end = call[call.index("callback_end")];
  EXPECT_EQ(end.number("result"), -12345);
  EXPECT_EQ(end.text("error"), "0(none)");
  EXPECT_EQ(end.number("out_bytes"), 0) << "an answer that is no success has no outputs";

  // The notification, which is part of no invocation.
  const Events notification = all.with("request", "0");
  ASSERT_EQ(notification.names(), (Names{"callback_queue", "callback_receive"}));
  for (const Event& event : notification) {
    EXPECT_EQ(event.invocation(), 0u);
    EXPECT_EQ(static_cast<std::uint64_t>(event.number("object")), kObject);
    EXPECT_EQ(event.text("op"), "RELEASE");
  }
}

TEST_F(CallbackTest, OutputsAreCounted) {
  CallbackServer server;
  const CallbackObject own = server.add([&](CallbackRequest& call) {
    call.set_output(0, call.input(0));
    return Result::ok;
  });
  const auto in = bytes_of(77);
  std::vector<std::byte> memory(100);
  const Events all = record([&] {
    Output out(memory);
    service_.object().call(Op::callback, vsoc::CallbackRequest{0, 1}, in, out, own);
    EXPECT_TRUE(all_released(server));
  });
  EXPECT_EQ(all.named("callback_request")[0].number("out_bytes"), 100);
  EXPECT_EQ(all.named("callback_end")[0].number("out_bytes"), 77);
}

TEST_F(CallbackTest, EachOfManyIsThere) {
  constexpr unsigned kRepeat = 50;
  CallbackServer server;
  const CallbackObject own = server.add([](CallbackRequest&) { return Result::ok; });
  const Events all = record([&] {
    service_.object().call(Op::callback, vsoc::CallbackRequest{1, kRepeat}, own);
    EXPECT_TRUE(all_released(server));
  });
  const Events call = without_async(all.of(all.by(gettid())[0].invocation()));
  EXPECT_EQ(call.names(), with_callbacks(kRepeat));
  std::set<std::int64_t> requests;
  for (const Event& queued : call.named("callback_queue")) requests.insert(queued.number("request"));
  EXPECT_EQ(requests.size(), kRepeat);
}

TEST_F(CallbackTest, NestedOnesLieWithinTheirCallback) {
  constexpr std::uint32_t kDepth = 6;
  CallbackServer server;
  CallbackObject own;
  own = server.add([&](CallbackRequest& call) {
    const Object service = call.take_object<Object>(0);
    call.set_output(0, service.call<std::uint32_t>(Op::nest, call.input<std::uint32_t>(0), own));
    return Result::ok;
  });
  const Events all = record([&] {
    EXPECT_EQ(service_.object().call<std::uint32_t>(Op::nest, kDepth, own), kDepth);
    EXPECT_TRUE(all_released(server));
    releases_done();
  });

  // From the outermost on: whoever receives its callback invokes the next one before it replies.
  std::uint64_t invocation = all.by(gettid())[0].invocation();
  std::set<std::uint64_t> seen;
  for (std::uint32_t depth = kDepth; depth > 0; --depth) {
    seen.insert(invocation);
    const Events call = without_async(all.of(invocation));
    ASSERT_EQ(call.named("callback_receive").size(), 1u) << depth;
    const Events thread = all.by(call.named("callback_receive")[0].thread);
    std::uint64_t inner = 0;
    bool serving = false;
    for (const Event& event : thread) {
      if (event.invocation() == invocation && event.name == "callback_receive") serving = true;
      if (event.invocation() == invocation && event.name == "callback_reply") serving = false;
      if (serving && event.name == "invoke_begin") {
        EXPECT_EQ(inner, 0u) << "there is one";
        inner = event.invocation();
      }
    }
    ASSERT_NE(inner, 0u) << depth;
    invocation = inner;
  }
  EXPECT_EQ(seen.size(), kDepth);
  EXPECT_TRUE(all.of(invocation).named("callback_request").empty()) << "the innermost";
  EXPECT_EQ(all.named("callback_request").size(), kDepth);
}

TEST_F(CallbackTest, AServerThatDiesLeavesAnErrorAndNoReply) {
  const Events all = record([&] {
    auto answer = invoke(3, 1);
    ASSERT_TRUE(server_wait(raw_.get()));
    RawRequest request;
    ASSERT_EQ(request.receive(raw_.get()), 0);
    raw_.reset();
    EXPECT_EQ(answer.get().result, -90);
    for (int i = 0; i < 5; ++i) service_.null();
  });
  const Events call = without_async(all.of(all.named("callback_request")[0].invocation()));
  Names expected = with_callbacks(1);
  std::erase(expected, "callback_reply");
  EXPECT_EQ(call.names(), expected);
  const Event& end = call[call.index("callback_end")];
  EXPECT_EQ(end.text("error"), "-19(ENODEV)");
  EXPECT_EQ(end.text("result"), "-90(DEFUNCT)");
}

TEST_F(CallbackTest, ARequestThatNobodyServesIsNotDispatched) {
  const Events all = record([&] {
    RawInvoke call(static_cast<std::uint32_t>(Op::lie), 1);
    const vsoc::LieRequest lie{static_cast<std::uint32_t>(vsoc::LieKind::cb_unknown_id), 1, 0};
    call.param(0) = param_in(&lie, sizeof lie);
    ASSERT_EQ(call.invoke(fd()), 0);
  });
  const Events call = without_async(all.of(all.by(gettid())[0].invocation()));
  ASSERT_EQ(call.names(), (Names{"invoke_begin", "smc_enter", "smc_exit", "callback_request", "callback_end",
                                 "smc_enter", "smc_exit", "invoke_end"}));
  EXPECT_EQ(call[4].text("error"), "-2(ENOENT)");
  EXPECT_EQ(call[4].text("result"), "-92(BADOBJ)");
}

TEST_F(CallbackTest, ReleasesByCallbackAreRequests) {
  CallbackServer server;
  const CallbackObject own = server.add([](CallbackRequest&) { return Result::ok; });
  service_.configure(vsoc::ConfigureKey::release_by_callback, 1);
  const Events all = record([&] {
    service_.object().call(Op::callback, vsoc::CallbackRequest{1, 1}, own);
    EXPECT_TRUE(all_released(server));
  });
  service_.configure(vsoc::ConfigureKey::release_by_callback, 0);
  const Events requests = all.named("callback_request").with("op", "RELEASE");
  ASSERT_EQ(requests.size(), 1u);
  const Events released = all.named("object_release");
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(released[0].text("object"), requests[0].text("object"));
  EXPECT_EQ(released[0].invocation(), requests[0].invocation());
  EXPECT_TRUE(all.named("async").empty());
}

TEST_F(CallbackTest, ManyIdsGoByOneMessage) {
  CallbackServer server;
  const CallbackObject own = server.add([](CallbackRequest&) { return Result::ok; });
  const Events all = record([&] {
    service_.object().call(Op::mirror, own, own, own, own, own);
    EXPECT_TRUE(all_released(server));
  });
  const Events created = all.named("object_create"), released = all.named("object_release");
  ASSERT_EQ(created.size(), 5u);
  std::set<std::string> ids, gone;
  for (const Event& event : created) ids.insert(event.text("object"));
  for (const Event& event : released) gone.insert(event.text("object"));
  EXPECT_EQ(ids.size(), 5u) << "each pass has an id of its own";
  EXPECT_EQ(gone, ids);
  EXPECT_EQ(released.size(), 5u);
  std::int64_t told = 0;
  for (const Event& async : all.named("async")) told += async.number("count");
  EXPECT_EQ(told, 5);
}

TEST_F(CallbackTest, AsyncMessagesThatAreNoneAreTold) {
  const auto lie = [&](vsoc::LieKind kind, std::uint64_t value) {
    const Events all = record([&] {
      const vsoc::LieRequest request{static_cast<std::uint32_t>(kind), 1, value};
      RawInvoke call(static_cast<std::uint32_t>(Op::lie), {param_in(&request, sizeof request)});
      ASSERT_EQ(call.invoke(fd()), 0);
    });
    return all.named("async");
  };
  Events async = lie(vsoc::LieKind::async_op, 5);
  ASSERT_FALSE(async.empty());
  EXPECT_EQ(async[0].number("op"), 5);
  EXPECT_EQ(async[0].text("error"), "-95(EOPNOTSUPP)");
  async = lie(vsoc::LieKind::async_count, 0xFFFFFFFF);
  ASSERT_FALSE(async.empty());
  EXPECT_EQ(async.back().text("error"), "-74(EBADMSG)");
}

TEST_F(CallbackTest, ObjectsOfAnUnsentMessageAreTakenBack) {
  CallbackServer server;
  const CallbackObject own = server.add([](CallbackRequest&) { return Result::ok; });
  if (transport() != "scm")
    service_.arm(ArmKind::busy, 21);
  else
    service_.arm(ArmKind::busy, 22);
  const Events all = record(
      [&] { EXPECT_EQ(service_.object().try_call(Op::hold, own).error(), std::errc::resource_unavailable_try_again); });
  service_.arm(ArmKind::busy, 0);
  const Events call = all.of(all.by(gettid())[0].invocation());
  const Events released = call.named("object_release");
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(released[0].text("fate"), "unsent");
  EXPECT_EQ(released[0].text("object"), call[call.index("object_create")].text("object"));
  EXPECT_EQ(call.back().text("error"), "-11(EAGAIN)");
}

}  // namespace
}  // namespace qtee::test
