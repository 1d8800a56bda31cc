// SPDX-License-Identifier: BSD-3-Clause
//
// Registration with credentials, the environment, FeatureVersions and Diagnostics.
#include <cstring>

#include "fixture.hpp"

namespace qtee::judge {
namespace {

namespace client_env = vsoc::client_env;
namespace diagnostics = vsoc::diagnostics;

using Registration = JudgeTest;

TEST_F(Registration, CredentialsAreReadAndReleased) {
  const auto credentials = std::make_shared<tee::Credentials>(tee::Credentials::own());
  const std::uint64_t releases = server().releases();
  Object env;
  ASSERT_OK(client_register(server(), credentials, client_env::kRegisterAsClient, env));
  ASSERT_TRUE(env);
  EXPECT_GE(credentials->length_calls(), 1u);
  EXPECT_EQ(credentials->bytes_read(), credentials->size());
  EXPECT_TRUE(poll([&](const vsoc::Report&) { return server().releases() == releases + 1; }))
      << "QTEE kept the credentials";
}

TEST_F(Registration, EveryRegistrationIsAnEnvironment) {
  std::vector<Object> envs(4);
  for (Object& env : envs) {
    ASSERT_OK(client_register(server(), std::make_shared<tee::Credentials>(tee::Credentials::own()),
                              client_env::kRegisterAsClient, env));
  }
  for (const Object& env : envs) {
    Object features;
    EXPECT_OK(service_open(env, vsoc::kUidFeatureVersions, features));
  }
}

TEST_F(Registration, NullCredentialsAreRefused) {
  Received env;
  const Outcome outcome =
      Invocation(client_env::kRegisterAsClient).in_null().out_object(env).run(Object::root(device()));
  if (driver_is_mainline()) {
    EXPECT_EQ(outcome.error, 0) << "it asks QTEE";
    EXPECT_NE(outcome.result, 0);
  } else {
    EXPECT_THAT(outcome, FailsWith(EINVAL));
  }
}

TEST_F(Registration, FailingCredentialsFailIt) {
  for (const std::int32_t code : {1, 2, 10, 77}) {
    Object env;
    const auto failing = std::make_shared<Lambda>([code](Request&) { return code; });
    const Outcome outcome = client_register(server(), failing, client_env::kRegisterAsClient, env);
    EXPECT_EQ(outcome.error, 0);
    EXPECT_NE(outcome.result, 0) << "credentials that answer " << code;
    EXPECT_GE(failing->calls, 1u);
  }
}

TEST_F(Registration, MalformedCredentialsAreRefused) {
  const auto bytes = [](std::initializer_list<int> values) {
    std::vector<std::byte> out;
    for (const int value : values) out.push_back(static_cast<std::byte>(value));
    return out;
  };
  const std::vector<std::vector<std::byte>> contents = {
      {},
      bytes({0x00}),
      bytes({0xA2, 0x01, 0x00}),                              // two pairs promised, one there
      bytes({0xA1, 0x01, 0x1B, 0x00}),                        // a number cut off
      bytes({0xBF, 0x01, 0x00, 0xFF}),                        // an indefinite map
      std::vector<std::byte>(vsoc::io::kMaxCredentials + 1),  // too long
  };
  for (const auto& content : contents) {
    Object env;
    const Outcome outcome =
        client_register(server(), std::make_shared<tee::Credentials>(content), client_env::kRegisterAsClient, env);
    EXPECT_EQ(outcome.error, 0);
    EXPECT_NE(outcome.result, 0) << content.size() << " bytes";
  }
}

TEST_F(Registration, NamedCredentials) {
  std::vector<std::string> asked;
  std::mutex mutex;
  const auto named = std::make_shared<Lambda>([&](Request& request) -> std::int32_t {
    if (request.op() != vsoc::credentials::kGetValueByName || !request.has_shape(1, 1, 0, 0)) return vsoc::kInvalid;
    const auto name = request.inputs()[0];
    const std::lock_guard lock(mutex);
    asked.emplace_back(reinterpret_cast<const char*>(name.data()), name.size());
    request.reply_value(0, std::uint32_t{0});
    return 0;
  });
  Object env;
  const Outcome outcome = client_register(server(), named, client_env::kRegisterWithCredentials, env);
  EXPECT_OK(outcome);
  EXPECT_FALSE(asked.empty()) << "credentials that nobody looked at";
  if (outcome.ok()) {
    Object features;
    EXPECT_OK(service_open(env, vsoc::kUidFeatureVersions, features));
  }
}

TEST_F(Registration, LegacyBlob) {
  Received env;
  const auto blob = tee::Credentials::own();
  ASSERT_OK(Invocation(client_env::kRegisterLegacy).in(blob).out_object(env).run(Object::root(device())));
  ASSERT_TRUE(env.is_tee());
  Object features;
  EXPECT_OK(service_open(env.object(), vsoc::kUidFeatureVersions, features));
}

TEST_F(Registration, WhitelistBoundsTheEnvironment) {
  const Callee credentials(server(), [content = tee::Credentials::own()](Request& request) -> std::int32_t {
    return tee::Credentials(content).invoke(request);
  });
  const std::uint32_t uids[] = {vsoc::kUidFeatureVersions};
  Received env;
  ASSERT_OK(Invocation(client_env::kRegisterWithWhitelist)
                .in(uids, sizeof(uids))
                .in_callback(server(), credentials.id())
                .out_object(env)
                .run(Object::root(device())));
  ASSERT_TRUE(env.is_tee());
  Object service;
  EXPECT_OK(service_open(env.object(), vsoc::kUidFeatureVersions, service));
  const Outcome refused = service_open(env.object(), vsoc::kUidAppLoader, service);
  EXPECT_EQ(refused.error, 0);
  EXPECT_NE(refused.result, 0);
}

TEST_F(Registration, UnknownUidAndWrongShapes) {
  Object service;
  EXPECT_THAT(service_open(env(), 0xDEAD, service), Answers(vsoc::opener::kErrorNotFound));
  Received out;
  EXPECT_NE(Invocation(0).in_value(std::uint64_t{2033}).out_object(out).run(env()).result, 0) << "a uid of 8 bytes";
  EXPECT_NE(Invocation(0).out_object(out).run(env()).result, 0) << "no uid";
  EXPECT_NE(Invocation(0).in_value(std::uint32_t{2033}).run(env()).result, 0) << "nowhere to put it";
  EXPECT_NE(Invocation(99).run(env()).result, 0) << "no such operation";
  EXPECT_NE(Invocation(99).run(Object::root(device())).result, 0);
}

using FeatureVersions = JudgeTest;

TEST_F(FeatureVersions, TellsTheVersion) {
  const Object features = open_service(vsoc::kUidFeatureVersions);
  ASSERT_TRUE(features);
  std::uint32_t version = 0;
  ASSERT_OK(Invocation(0).in_value(std::uint32_t{10}).out_value(version).run(features));
  EXPECT_EQ(version, vsoc::feature_versions::kQteeVersion);
  EXPECT_GT(version >> 22 & 0xFF, 0u);
}

TEST_F(FeatureVersions, UnknownFeatureAndSmallBuffer) {
  const Object features = open_service(vsoc::kUidFeatureVersions);
  ASSERT_TRUE(features);
  std::uint32_t version = 0;
  EXPECT_THAT(Invocation(0).in_value(std::uint32_t{0xFFFFFFFF}).out_value(version).run(features),
              Answers(vsoc::feature_versions::kErrorNotFound));
  std::uint16_t half = 0;
  EXPECT_NE(Invocation(0).in_value(std::uint32_t{10}).out_value(half).run(features).result, 0);
  EXPECT_NE(Invocation(0).in_value(std::uint16_t{10}).out_value(version).run(features).result, 0);
  EXPECT_NE(Invocation(1).in_value(std::uint32_t{10}).out_value(version).run(features).result, 0);
}

using Diagnostics = JudgeTest;

TEST_F(Diagnostics, HeapReport) {
  const Object service = open_service(vsoc::kUidDiagnostics);
  ASSERT_TRUE(service);
  diagnostics::HeapInfo heap = {};
  std::size_t size = 0;
  ASSERT_OK(Invocation(diagnostics::kQueryHeapInfo).out(&heap, sizeof(heap), &size).run(service));
  EXPECT_EQ(size, sizeof(heap));
  EXPECT_GT(heap.total, 0u);
  EXPECT_GT(heap.used, 0u);
  EXPECT_GT(heap.free, 0u);
  EXPECT_LE(std::uint64_t{heap.used} + heap.free, heap.total);
  EXPECT_LE(heap.largest_free, heap.free);
}

TEST_F(Diagnostics, HeapReportFollowsWhatIsAlive) {
  const Object service = open_service(vsoc::kUidDiagnostics);
  ASSERT_TRUE(service);
  diagnostics::HeapInfo before = {};
  ASSERT_OK(Invocation(diagnostics::kQueryHeapInfo).out_value(before).run(service));
  std::vector<std::vector<Received>> objects(8);
  for (auto& some : objects) {
    some.resize(15);
    ASSERT_OK(this->service().create(some));
  }
  diagnostics::HeapInfo after = {};
  ASSERT_OK(Invocation(diagnostics::kQueryHeapInfo).out_value(after).run(service));
  EXPECT_GT(after.used, before.used);
}

TEST_F(Diagnostics, SmallBufferIsRefused) {
  const Object service = open_service(vsoc::kUidDiagnostics);
  ASSERT_TRUE(service);
  std::byte out[23];
  EXPECT_NE(Invocation(diagnostics::kQueryHeapInfo).out(out, sizeof(out)).run(service).result, 0);
  EXPECT_NE(Invocation(diagnostics::kQueryHeapInfo).run(service).result, 0);
}

TEST_F(Diagnostics, UnknownApp) {
  const Object service = open_service(vsoc::kUidDiagnostics);
  ASSERT_TRUE(service);
  diagnostics::AppInfo info = {};
  EXPECT_THAT(Invocation(diagnostics::kQueryAppInfo).in("nobody", 6).out_value(info).run(service),
              Answers(diagnostics::kErrorAppNotFound));
}

TEST_F(Diagnostics, AppRegion) {
  const Object service = open_service(vsoc::kUidDiagnostics);
  ASSERT_TRUE(service);
  diagnostics::RegionInfo region = {};
  diagnostics::HeapInfo heap = {};
  std::byte names[4096];
  std::size_t size = sizeof(names);
  EXPECT_OK(Invocation(diagnostics::kQueryAppRegion)
                .out_value(region)
                .out_value(heap)
                .out(names, sizeof(names), &size)
                .run(service));
  EXPECT_EQ(size, 0u) << "no app is loaded";
}

}  // namespace
}  // namespace qtee::judge
