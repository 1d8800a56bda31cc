// SPDX-License-Identifier: BSD-3-Clause
//
// The root object and its privileges.
#include <cerrno>

#include <vsoc/interfaces.hpp>

#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

class RootTest : public UserTest {};

TEST_F(RootTest, ClientIsRegisteredWithItsCredentials) {
  CallbackServer server;
  const CallbackObject credentials = Credentials::of_process().serve(server);
  {
    const Client client = root_.register_client(credentials);
    EXPECT_TRUE(client);
    EXPECT_TRUE(client.open(services::FeatureVersions::kUid));
    EXPECT_RESULT(client.open(ServiceUid(0xBAD)), vsoc::opener::kErrorNotFound);
  }
  EXPECT_TRUE(all_released(server));
}

TEST_F(RootTest, CredentialsThatMakeNoSenseAreRefused) {
  CallbackServer server;
  const CallbackObject empty = server.add([](CallbackRequest& request) {
    if (request.op() == OpCode(vsoc::io::kGetLength)) request.set_output(0, std::uint64_t{0});
    return Result::ok;
  });
  EXPECT_RESULT(root_.register_client(empty), vsoc::kInvalid);
  const CallbackObject failing = server.add([](CallbackRequest&) { return Result::busy; });
  EXPECT_RESULT(root_.register_client(failing), vsoc::kBusy);
  EXPECT_TRUE(all_released(server));
}

TEST_F(RootTest, WhitelistBindsTheClient) {
  CallbackServer server;
  const CallbackObject credentials = Credentials::of_process().serve(server);
  const Client client(root_.object().call<Object>(Root::Op::register_with_whitelist, std::array{2033u}, credentials));
  EXPECT_TRUE(client.open(services::FeatureVersions::kUid));
  EXPECT_RESULT(client.open(services::Diagnostics::kUid), vsoc::opener::kErrorPrivilege);
}

TEST_F(RootTest, LegacyRegistrationTakesABlob) {
  const Credentials credentials = Credentials::of_process();
  const Client client(root_.object().call<Object>(Root::Op::register_legacy, credentials.bytes()));
  EXPECT_TRUE(client.open(services::FeatureVersions::kUid));
}

TEST_F(RootTest, CredentialsByNameRegister) {
  CallbackServer server;
  unsigned asked = 0;
  CallbackInterface interface;
  interface.on(OpCode(vsoc::credentials::kGetValueByName), [&](std::span<const std::byte>) {
    ++asked;
    return std::uint64_t{1000};
  });
  const CallbackObject credentials = server.add(std::move(interface));
  const Client client(root_.object().call<Object>(Root::Op::register_with_credentials, credentials));
  EXPECT_TRUE(client);
  EXPECT_EQ(asked, 1u);
}

TEST_F(RootTest, NullCredentialsAreTheKernelsAlone) {
  const FileDescriptor root = root_open();
  int server_number = -1;
  const FileDescriptor server = server_open();
  server_number = server.get();
  std::uint32_t uid = 2033;

  for (const std::uint32_t op : {2u, 5u}) {
    EXPECT_EQ(RawInvoke(op, {param_null(), param_object_out()}).invoke(root.get()), EINVAL) << op;
    EXPECT_EQ(RawInvoke(op, {param_object_out(), param_null()}).invoke(root.get()), EINVAL) << op;
    EXPECT_EQ(RawInvoke(op, {param_object_out()}).invoke(root.get()), EINVAL) << op;
    EXPECT_EQ(RawInvoke(op, {}).invoke(root.get()), EINVAL) << op;
    // A real object beside the NULL one, in every order.
    const qcom_tee_param real = param_object(1, server_number);
    EXPECT_EQ(RawInvoke(op, {real, param_null(), param_object_out()}).invoke(root.get()), EINVAL) << op;
    EXPECT_EQ(RawInvoke(op, {param_null(), real, param_object_out()}).invoke(root.get()), EINVAL) << op;
    EXPECT_EQ(RawInvoke(op, {param_object_out(), real, param_null()}).invoke(root.get()), EINVAL) << op;
    EXPECT_EQ(RawInvoke(op, {param_in(&uid, 4), param_object_out(), param_null()}).invoke(root.get()), EINVAL) << op;
    // NULL said with a host_id and an id that mean something elsewhere.
    qcom_tee_param odd = param_null();
    odd.object.host_id = server_number;
    odd.object.id = 1;
    EXPECT_EQ(RawInvoke(op, {odd, param_object_out()}).invoke(root.get()), EINVAL) << op;
  }
  EXPECT_EQ(RawInvoke(3, {param_in(&uid, 4), param_null(), param_object_out()}).invoke(root.get()), EINVAL);
  EXPECT_EQ(RawInvoke(3, {param_in(&uid, 4), param_object_out()}).invoke(root.get()), EINVAL);
}

TEST_F(RootTest, KernelOperationsAreRefused) {
  const FileDescriptor root = root_open();
  for (const std::uint32_t op : {4u, 8u, 9u}) {
    RawInvoke invoke(op, {});
    EXPECT_EQ(invoke.invoke(root.get()), EINVAL) << op;
    EXPECT_EQ(invoke.invoke(service_.object().fd()), 0) << "on another object the number means something else";
  }
}

TEST_F(RootTest, RootIsNoParameter) {
  // It is a device, not an object's file.
  const FileDescriptor root = root_open();
  EXPECT_EQ(RawInvoke(9, {param_object(root.get(), QCOM_TEE_OBJECT_SECURE)}).invoke(service_.object().fd()), EBADF);
}

TEST_F(RootTest, OpensAndClosesOverAndOver) {
  for (int i = 0; i < 50; ++i) {
    const Root root = Root::open();
    const auto service = vsoc::Service::open(root);
    service.null();
    const CallbackServer server(CallbackServer::Options{.threads = 1});
  }
}

}  // namespace
}  // namespace qtee::test
