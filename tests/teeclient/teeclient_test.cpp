// SPDX-License-Identifier: BSD-3-Clause
//
// The client library on a TEE device that is a function: what goes out, and what is made of what comes back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <deque>

#include "credentials.hpp"
#include "invocation.hpp"

namespace qtee::tee {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What an ioctl's buffer holds, and a way back into it.
struct Message {
  explicit Message(void* argument) : data(static_cast<struct tee_ioctl_buf_data*>(argument)) {}

  template <typename Header>
  Header& header() {
    return *reinterpret_cast<Header*>(data->buf_ptr);
  }
  template <typename Header>
  Param* params() {
    return reinterpret_cast<Param*>(data->buf_ptr + sizeof(Header));
  }

  struct tee_ioctl_buf_data* data;
};

// Plays the kernel: a script of what RECV gives, and a record of all else.
class FakeKernel {
 public:
  struct Incoming {
    std::uint32_t func;
    std::vector<Param> params;          // the meta parameter first
    std::vector<std::string> payloads;  // of the input buffers, in their order
  };
  struct Sent {
    std::uint32_t ret;
    std::vector<Param> params;
    std::vector<std::string> outputs;
  };

  std::shared_ptr<TeeDevice> device() {
    return TeeDevice::fake([this](int, unsigned long request, void* argument) { return ioctl(request, argument); });
  }

  void push(Incoming incoming) {
    const std::lock_guard lock(mutex_);
    incoming_.push_back(std::move(incoming));
  }
  std::vector<Sent> wait_sent(std::size_t count) {
    for (int i = 0; i < 5000; i++) {
      {
        const std::lock_guard lock(mutex_);
        if (sent_.size() >= count) return sent_;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return {};
  }
  std::vector<std::uint64_t> released() {
    const std::lock_guard lock(mutex_);
    return released_;
  }

  std::function<int(InvokeHeader&, Param*, std::uint64_t buf_len)> on_invoke;
  std::function<int(const Sent&)> on_send = [](const Sent&) { return 0; };

 private:
  int ioctl(unsigned long request, void* argument) {
    Message message(argument);
    if (request == TEE_IOC_OBJECT_INVOKE) {
      InvokeHeader& header = message.header<InvokeHeader>();
      if (header.op == kOpRelease) {
        const std::lock_guard lock(mutex_);
        released_.push_back(header.id);
        return 0;
      }
      return on_invoke(header, message.params<InvokeHeader>(), message.data->buf_len);
    }
    if (request == TEE_IOC_SUPPL_RECV) return receive(message);
    if (request == TEE_IOC_SUPPL_SEND) return send(message);
    return -EINVAL;
  }

  int receive(Message& message) {
    for (;;) {
      // As a receive that a signal interrupts: the server asks again, or stops.
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      const std::lock_guard lock(mutex_);
      if (incoming_.empty()) return -EINTR;
      Incoming next = incoming_.front();
      incoming_.pop_front();
      ReceiveHeader& header = message.header<ReceiveHeader>();
      Param* params = message.params<ReceiveHeader>();
      EXPECT_EQ(message.data->buf_len, sizeof(ReceiveHeader) + header.num_params * sizeof(Param));
      EXPECT_EQ(params[0].attr, 0x103u);
      EXPECT_EQ(params[0].a % 8, 0u);
      if (next.params.size() > header.num_params) return -EINVAL;
      std::uint64_t top = params[0].b;
      std::size_t payload = 0;
      for (Param& param : next.params) {
        if (param.attr != TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT) continue;
        const std::string& bytes = next.payloads[payload++];
        top = (top - bytes.size()) / 8 * 8;
        std::memcpy(reinterpret_cast<void*>(params[0].a + top), bytes.data(), bytes.size());
        param.a = params[0].a + top;
        param.b = bytes.size();
      }
      std::memcpy(params, next.params.data(), next.params.size() * sizeof(Param));
      header.func = next.func;
      header.num_params = static_cast<std::uint32_t>(next.params.size());
      return 0;
    }
  }

  int send(Message& message) {
    const SendHeader& header = message.header<SendHeader>();
    const Param* params = message.params<SendHeader>();
    Sent sent = {header.ret, {params, params + header.num_params}, {}};
    for (const Param& param : sent.params) {
      if (param.attr != TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT) continue;
      sent.outputs.emplace_back(reinterpret_cast<const char*>(param.a), param.b);
    }
    const int ret = on_send(sent);
    const std::lock_guard lock(mutex_);
    sent_.push_back(std::move(sent));
    return ret;
  }

  std::mutex mutex_;
  std::deque<Incoming> incoming_;
  std::vector<Sent> sent_;
  std::vector<std::uint64_t> released_;
};

// Answers with its op, and keeps what it saw.
class Recorder : public Callback {
 public:
  std::int32_t invoke(Request& request) override {
    for (const auto& input : request.inputs()) {
      inputs.emplace_back(reinterpret_cast<const char*>(input.data()), input.size());
    }
    return answer(request);
  }
  void released() override { releases++; }

  std::function<std::int32_t(Request&)> answer = [](Request&) { return 0; };
  std::vector<std::string> inputs;
  std::atomic<int> releases = 0;
};

Param meta(std::uint64_t object, std::uint64_t request) { return {0x103, object, request, 0}; }

TEST(Invocation, KeepsOrderAndFillsParameters) {
  FakeKernel kernel;
  kernel.on_invoke = [](InvokeHeader& header, Param* params, std::uint64_t buf_len) {
    EXPECT_EQ(header.id, 7u);
    EXPECT_EQ(header.op, 42u);
    EXPECT_EQ(header.num_params, 5u);
    EXPECT_EQ(buf_len, 24u + 5 * 32);
    EXPECT_EQ(params[0].attr, 9u);
    EXPECT_EQ(params[0].b, 8u);
    EXPECT_EQ(params[1].attr, 11u);
    EXPECT_EQ(params[1].a, TEE_OBJREF_NULL);
    EXPECT_EQ(params[2].attr, 8u);
    EXPECT_EQ(params[2].b, 4u);
    EXPECT_EQ(params[3].attr, 12u);
    EXPECT_EQ(params[4].attr, 11u);
    EXPECT_EQ(params[4].a, 3u);
    EXPECT_EQ(params[4].b, 1u);
    std::uint32_t value = 0;
    std::memcpy(&value, reinterpret_cast<void*>(params[2].a), 4);
    const std::uint64_t answer = value + 1;
    std::memcpy(reinterpret_cast<void*>(params[0].a), &answer, 8);
    params[0].b = 5;
    params[3].a = 0;  // ids start at 0
    params[3].b = kRefTee;
    return 0;
  };
  {
    const auto device = kernel.device();
    Object object(device, 7);
    Object argument(device, 3);
    std::uint64_t out = 0;
    std::size_t actual = 0;
    Received received;
    const Outcome outcome = Invocation(42)
                                .out(&out, sizeof(out), &actual)
                                .in_null()
                                .in_value<std::uint32_t>(10)
                                .out_object(received)
                                .in_object(argument)
                                .run(object);
    EXPECT_TRUE(outcome.ok());
    EXPECT_EQ(out, 11u);
    EXPECT_EQ(actual, 5u);
    ASSERT_TRUE(received.is_tee());
    EXPECT_EQ(received.id(), 0u);
    EXPECT_THAT(kernel.released(), IsEmpty());
  }
  EXPECT_THAT(kernel.released(), ElementsAre(0, 3, 7));
}

TEST(Invocation, NegativeResultIsSigned) {
  FakeKernel kernel;
  kernel.on_invoke = [](InvokeHeader& header, Param* params, std::uint64_t) {
    header.ret = static_cast<std::uint32_t>(-96);
    params[0].a = 5;
    params[0].b = kRefTee;
    return 0;
  };
  const auto device = kernel.device();
  Received received;
  const Outcome outcome = Invocation(0).out_object(received).run(Object::root(device));
  EXPECT_EQ(outcome.error, 0);
  EXPECT_EQ(outcome.result, -96);
  EXPECT_TRUE(received.is_null()) << "outputs of a failed call must not be looked at";
}

TEST(Invocation, CallbackCountsOnlyWhenTaken) {
  FakeKernel kernel;
  int error = 0;
  kernel.on_invoke = [&](InvokeHeader&, Param* params, std::uint64_t) {
    EXPECT_EQ(params[0].b, static_cast<std::uint64_t>(kRefUser));
    return error;
  };
  const auto device = kernel.device();
  Server server(device);
  const auto id = server.add(std::make_shared<Recorder>());
  error = -EBUSY;
  EXPECT_EQ(Invocation(1).in_callback(server, id).run(Object::root(device)).error, EBUSY);
  EXPECT_EQ(server.references(id), 0u);
  error = 0;
  EXPECT_TRUE(Invocation(1).in_callback(server, id).run(Object::root(device)).ok());
  EXPECT_EQ(server.references(id), 1u);
}

TEST(Object, MoveReleasesOnce) {
  FakeKernel kernel;
  {
    const auto device = kernel.device();
    Object first(device, 1);
    Object second(std::move(first));
    EXPECT_FALSE(first);
    Object third(device, 2);
    third = std::move(second);
    EXPECT_THAT(kernel.released(), ElementsAre(2));
    EXPECT_EQ(third.id(), 1u);
  }
  EXPECT_THAT(kernel.released(), ElementsAre(2, 1));
}

TEST(Object, RootAndClosedDeviceReleaseNothing) {
  FakeKernel kernel;
  {
    const auto device = kernel.device();
    Object root = Object::root(device);
    Object object(device, 4);
    device->close();
  }
  EXPECT_THAT(kernel.released(), IsEmpty());
}

TEST(Ref, RoundTrip) {
  for (const Ref ref : {Ref::null(), Ref::tee(0), Ref::user(99), Ref::memory(1)}) {
    Param param = {};
    ref.store(param);
    EXPECT_EQ(Ref::load(param), ref);
  }
  EXPECT_EQ(Ref::load({11, 5, 8, 0}).kind, Ref::Kind::other);
}

TEST(Server, AnswersWithBuffersAndObjects) {
  FakeKernel kernel;
  const auto device = kernel.device();
  Server server(device);
  const auto recorder = std::make_shared<Recorder>();
  const auto id = server.add(recorder);
  recorder->answer = [&](Request& request) -> std::int32_t {
    EXPECT_TRUE(request.has_shape(2, 2, 1, 2));
    EXPECT_EQ(request.output_sizes()[0], 16u);
    EXPECT_TRUE(request.in_objects()[0].is_tee());
    request.reply(1, "abc", 3);
    request.reply_callback(1, server, id);
    return 0;
  };
  kernel.push({9,
               {meta(id, 77),
                {8, 0, 0, 0},
                {8, 0, 0, 0},
                {9, 0, 16, 0},
                {9, 0, 8, 0},
                {11, 6, 1, 0},
                {12, 0, 0, 0},
                {12, 0, 0, 0}},
               {"hello", "0123456789"}});
  const auto sent = kernel.wait_sent(1);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].ret, 0u);
  ASSERT_EQ(sent[0].params.size(), 8u);
  EXPECT_EQ(sent[0].params[0].attr, 0x102u);
  EXPECT_EQ(sent[0].params[0].a, 77u);
  EXPECT_EQ(sent[0].params[1].attr, 8u);
  EXPECT_EQ(sent[0].params[5].attr, 11u);
  EXPECT_THAT(sent[0].outputs, ElementsAre("", "abc"));
  EXPECT_EQ(sent[0].params[6].a, TEE_OBJREF_NULL);
  EXPECT_EQ(sent[0].params[7].a, id);
  EXPECT_EQ(sent[0].params[7].b, static_cast<std::uint64_t>(kRefUser));
  server.stop();
  EXPECT_THAT(recorder->inputs, ElementsAre("hello", "0123456789"));
  EXPECT_EQ(server.references(id), 1u);
  EXPECT_THAT(kernel.released(), ElementsAre(6)) << "an input object that nobody took is released";
  EXPECT_THAT(server.faults(), IsEmpty());
}

TEST(Server, ErrorSendsOnlyTheMetaParameter) {
  FakeKernel kernel;
  const auto device = kernel.device();
  Server server(device);
  const auto recorder = std::make_shared<Recorder>();
  recorder->answer = [](Request&) { return 10; };
  const auto id = server.add(recorder);
  kernel.push({3, {meta(id, 5), {9, 0, 8, 0}, {12, 0, 0, 0}}, {}});
  const auto sent = kernel.wait_sent(1);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].ret, 10u);
  EXPECT_EQ(sent[0].params.size(), 1u);
}

TEST(Server, RefusedAnswerTakesObjectsBack) {
  FakeKernel kernel;
  kernel.on_send = [](const FakeKernel::Sent&) { return -EINVAL; };
  const auto device = kernel.device();
  Server server(device);
  const auto recorder = std::make_shared<Recorder>();
  const auto id = server.add(recorder);
  recorder->answer = [&](Request& request) {
    request.reply_callback(0, server, id);
    return 0;
  };
  kernel.push({3, {meta(id, 5), {12, 0, 0, 0}}, {}});
  ASSERT_EQ(kernel.wait_sent(1).size(), 1u);
  server.stop();
  EXPECT_EQ(server.references(id), 0u);
  EXPECT_EQ(server.refused(), 1u);
}

TEST(Server, ReleaseDropsRemovedObject) {
  FakeKernel kernel;
  const auto device = kernel.device();
  Server server(device);
  auto recorder = std::make_shared<Recorder>();
  const std::weak_ptr<Recorder> weak = recorder;
  const auto id = server.add(std::move(recorder));
  server.sent(id);
  server.remove(id);
  EXPECT_FALSE(weak.expired()) << "QTEE still holds it";
  kernel.push({kOpRelease, {meta(id, 0)}, {}});
  EXPECT_TRUE(server.wait_references(id, 0, std::chrono::seconds(5)));
  server.stop();
  EXPECT_TRUE(weak.expired());
  EXPECT_THAT(server.faults(), IsEmpty());
  EXPECT_EQ(server.releases(), 1u);
}

TEST(Server, ReleaseOfNothingIsAFault) {
  FakeKernel kernel;
  const auto device = kernel.device();
  Server server(device);
  const auto id = server.add(std::make_shared<Recorder>());
  kernel.push({kOpRelease, {meta(id, 0)}, {}});
  kernel.push({1, {meta(id + 50, 3)}, {}});
  const auto sent = kernel.wait_sent(1);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(static_cast<std::int32_t>(sent[0].ret), -92);
  server.stop();
  EXPECT_THAT(server.faults(), ElementsAre(HasSubstr("does not hold"), HasSubstr("not there")));
}

TEST(Credentials, Encoding) {
  const auto bytes = [](std::initializer_list<int> values) {
    std::vector<std::byte> out;
    for (const int value : values) out.push_back(static_cast<std::byte>(value));
    return out;
  };
  EXPECT_EQ(credentials_encode(0, 0x0000018BCFE56800),
            bytes({0xA2, 0x01, 0x00, 0x06, 0x1B, 0x00, 0x00, 0x01, 0x8B, 0xCF, 0xE5, 0x68, 0x00}));
  EXPECT_EQ(credentials_encode(1000, 5), bytes({0xA2, 0x01, 0x19, 0x03, 0xE8, 0x06, 0x05}));
  EXPECT_EQ(credentials_encode(200, 0x10000), bytes({0xA2, 0x01, 0x18, 0xC8, 0x06, 0x1A, 0x00, 0x01, 0x00, 0x00}));
}

TEST(Credentials, ServesLengthAndRanges) {
  FakeKernel kernel;
  const auto device = kernel.device();
  Server server(device);
  const auto credentials = std::make_shared<Credentials>(credentials_encode(0, 0x0000018BCFE56800));
  const auto id = server.add(credentials);
  const std::string offset4("\4\0\0\0\0\0\0\0", 8);
  const std::string offset13("\15\0\0\0\0\0\0\0", 8);
  kernel.push({0, {meta(id, 1), {9, 0, 8, 0}}, {}});
  kernel.push({1, {meta(id, 2), {8, 0, 0, 0}, {9, 0, 2, 0}}, {offset4}});
  kernel.push({1, {meta(id, 3), {8, 0, 0, 0}, {9, 0, 64, 0}}, {offset4}});
  kernel.push({1, {meta(id, 4), {8, 0, 0, 0}, {9, 0, 64, 0}}, {offset13}});
  kernel.push({2, {meta(id, 5), {8, 0, 0, 0}, {8, 0, 0, 0}}, {offset4, "x"}});
  const auto sent = kernel.wait_sent(5);
  ASSERT_EQ(sent.size(), 5u);
  EXPECT_THAT(sent[0].outputs, ElementsAre(std::string("\15\0\0\0\0\0\0\0", 8)));
  EXPECT_THAT(sent[1].outputs, ElementsAre(std::string("\x1B\0", 2)));
  EXPECT_EQ(sent[2].outputs.at(0).size(), 9u);
  EXPECT_EQ(sent[3].ret, 2u);
  EXPECT_EQ(sent[4].ret, 2u);
}

TEST(Device, ShortBuffersAreTheCallersChoice) {
  FakeKernel kernel;
  std::uint64_t seen = 0;
  kernel.on_invoke = [&](InvokeHeader& header, Param*, std::uint64_t buf_len) {
    seen = buf_len;
    EXPECT_EQ(header.num_params, 3u);
    return -EINVAL;
  };
  std::vector<Param> params(1);
  EXPECT_EQ(kernel.device()->invoke_sized(0, 1, params, 3, 24).error, EINVAL);
  EXPECT_EQ(seen, 24u);
}

}  // namespace
}  // namespace qtee::tee
