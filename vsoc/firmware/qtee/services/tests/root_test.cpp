// SPDX-License-Identifier: BSD-3-Clause
//
// The root object and the environments: registration in all its ways, with a Linux that lies.
#include "rig.hpp"
#include "ta_builder.hpp"

namespace qtee::fw::services_test {
namespace {

namespace env = vsoc::client_env;

constexpr Id kRoot = 1;

Bytes credentials(std::uint8_t uid = 0) {
  const std::uint8_t raw[] = {0xA2, 1, uid, 6, 0x1B, 0, 0, 1, 0x8F, 0, 0, 0, 1};
  return bytes_of(raw);
}

// A well-behaved credentials object.
Handler serves(Bytes content) {
  return [content](const Request& request) -> Reply {
    if (request.op == vsoc::io::kGetLength && request.outs.size() == 1)
      return {.outs = {bytes_of(std::uint64_t{content.size()})}};
    if (request.op != vsoc::io::kReadAtOffset || request.ins.size() != 1) return {.result = vsoc::kInvalid};
    const auto offset = value_of<std::uint64_t>(request.ins[0]);
    if (offset >= content.size()) return {.result = vsoc::kInvalid};
    return {.outs = {Bytes(content.begin() + static_cast<std::ptrdiff_t>(offset), content.end())}};
  };
}

class Root : public ::testing::Test {
 protected:
  Answer register_client(Handler handler) {
    return rig.op(env::kRegisterAsClient).object(rig.callback(std::move(handler))).wants(1).run(kRoot);
  }
  std::int32_t register_result(Handler handler) { return register_client(std::move(handler)).result; }

  void expect_usable(const Answer& answer) {
    ASSERT_EQ(answer.result, 0);
    const Id id = answer.objects.at(0);
    const auto opened = rig.op(env::kOpen).in_value(vsoc::kUidFeatureVersions).wants(1).run(id);
    ASSERT_EQ(opened.result, 0);
    rig.release(opened.objects[0]);
    rig.release(id);
  }

  Rig rig;
};

TEST_F(Root, RegisterAsClientReadsThenReleases) {
  std::vector<std::uint32_t> ops;
  bool released_first = false;
  rig.on_release = [&](Id) { released_first = ops.size() < 2; };
  const auto inner = serves(credentials());
  expect_usable(register_client([&](const Request& request) {
    ops.push_back(request.op);
    return inner(request);
  }));
  EXPECT_EQ(ops, (std::vector<std::uint32_t>{vsoc::io::kGetLength, vsoc::io::kReadAtOffset}));
  EXPECT_FALSE(released_first);
  rig.expect_clean();
}

TEST_F(Root, RegisterAsClientRefusesNull) {
  EXPECT_EQ(rig.op(env::kRegisterAsClient).object(0).wants(1).run(kRoot).result, vsoc::kInvalid);
  rig.expect_clean();
}

TEST_F(Root, RegisterAsClientRefusesAnObjectOfQtee) {
  const Id service = rig.open(vsoc::kUidFeatureVersions);
  EXPECT_EQ(rig.op(env::kRegisterAsClient).object(service).wants(1).run(kRoot).result, vsoc::kBadObj);
  rig.release(service);
  rig.expect_clean();
}

TEST_F(Root, ErrorsOfTheCredentialsArePassedOn) {
  for (const std::int32_t code : {1, 2, 10, 11, -90, -96, 0x0AFAFAFA}) {
    EXPECT_EQ(register_result([=](const Request&) { return Reply{.result = code}; }), code);
    const auto inner = serves(credentials());
    EXPECT_EQ(register_result([=](const Request& request) {
                return request.op == vsoc::io::kGetLength ? inner(request) : Reply{.result = code};
              }),
              code);
  }
  rig.expect_clean();
}

TEST_F(Root, LengthsMustBeSound) {
  for (const std::uint64_t length : {std::uint64_t{0}, vsoc::io::kMaxCredentials + 1, ~std::uint64_t{0}}) {
    unsigned calls = 0;
    EXPECT_EQ(register_result([&](const Request&) {
                ++calls;
                return Reply{.outs = {bytes_of(length)}};
              }),
              vsoc::kInvalid);
    EXPECT_EQ(calls, 1u) << "read although the length was refused";
  }
  EXPECT_EQ(register_result([](const Request&) { return Reply{.outs = {Bytes(4)}}; }), vsoc::kInvalid);
  EXPECT_EQ(register_result([](const Request&) { return Reply{}; }), vsoc::kInvalid);
  rig.expect_clean();
}

TEST_F(Root, TheLongestCredentialsAreTaken) {
  Bytes content{std::byte{0xA2}, std::byte{1}, std::byte{0}, std::byte{9}, std::byte{0x59}};
  const std::size_t rest = vsoc::io::kMaxCredentials - 7;
  content.push_back(static_cast<std::byte>(rest >> 8));
  content.push_back(static_cast<std::byte>(rest & 0xFF));
  content.resize(vsoc::io::kMaxCredentials);
  expect_usable(register_client(serves(content)));
  rig.expect_clean();
}

TEST_F(Root, ShortReadIsRefused) {
  const auto inner = serves(credentials());
  EXPECT_EQ(register_result([&](const Request& request) {
              Reply reply = inner(request);
              if (request.op == vsoc::io::kReadAtOffset) reply.outs[0].pop_back();
              return reply;
            }),
            vsoc::kInvalid);
  rig.expect_clean();
}

// A fault of Linux, which the report counts.
TEST_F(Root, SizeLargerThanOfferedIsRefused) {
  EXPECT_NE(register_result([](const Request&) { return Reply{.outs = {Bytes(4096)}}; }), 0);
  EXPECT_EQ(rig.ids_alive(), 0u);
}

TEST_F(Root, MalformedCredentialsAreRefused) {
  EXPECT_EQ(register_result(serves(Bytes(13))), vsoc::kInvalid);
  Bytes cut = credentials();
  cut.pop_back();
  EXPECT_EQ(register_result(serves(cut)), vsoc::kInvalid);
  rig.expect_clean();
}

TEST_F(Root, RegisterLegacy) {
  expect_usable(rig.op(env::kRegisterLegacy).in(credentials()).wants(1).run(kRoot));
  EXPECT_EQ(rig.op(env::kRegisterLegacy).in({}).wants(1).run(kRoot).result, vsoc::kInvalid);
  EXPECT_EQ(rig.op(env::kRegisterLegacy).in(Bytes(40)).wants(1).run(kRoot).result, vsoc::kInvalid);
  EXPECT_EQ(rig.op(env::kRegisterLegacy).in(Bytes(vsoc::io::kMaxCredentials + 1)).wants(1).run(kRoot).result,
            vsoc::kInvalid);
  rig.expect_clean();
}

TEST_F(Root, WhitelistIsKept) {
  const std::uint32_t list[] = {vsoc::kUidDiagnostics, vsoc::kUidFeatureVersions};
  const auto answer = rig.op(env::kRegisterWithWhitelist)
                          .in_value(list)
                          .object(rig.callback(serves(credentials())))
                          .wants(1)
                          .run(kRoot);
  ASSERT_EQ(answer.result, 0);
  const Id id = answer.objects[0];
  EXPECT_EQ(rig.op(env::kOpen).in_value(vsoc::kUidAppLoader).wants(1).run(id).result, vsoc::opener::kErrorPrivilege);
  EXPECT_EQ(rig.op(env::kOpen).in_value(std::uint32_t{0}).wants(1).run(id).result, vsoc::opener::kErrorPrivilege);
  expect_usable(answer);
  rig.expect_clean();
}

TEST_F(Root, WhitelistMustBeSound) {
  const auto with = [&](std::size_t size) {
    return rig.op(env::kRegisterWithWhitelist)
        .in(Bytes(size))
        .object(rig.callback(serves(credentials())))
        .wants(1)
        .run(kRoot);
  };
  EXPECT_EQ(with(3).result, vsoc::kInvalid);
  EXPECT_EQ(with(65 * 4).result, vsoc::kInvalid);
  const auto empty = with(0);
  ASSERT_EQ(empty.result, 0);
  EXPECT_EQ(rig.op(env::kOpen).in_value(vsoc::kUidDiagnostics).wants(1).run(empty.objects[0]).result,
            vsoc::opener::kErrorPrivilege);
  rig.release(empty.objects[0]);
  EXPECT_EQ(rig.op(env::kRegisterWithWhitelist).in(Bytes(4)).object(0).wants(1).run(kRoot).result, vsoc::kInvalid);
  rig.expect_clean();
}

TEST_F(Root, RegisterWithCredentials) {
  const auto with = [&](Id id) { return rig.op(env::kRegisterWithCredentials).object(id).wants(1).run(kRoot); };
  expect_usable(with(0));
  std::string asked;
  const auto answers = [&](Reply reply) {
    return rig.callback([&asked, reply](const Request& request) {
      EXPECT_EQ(request.op, vsoc::credentials::kGetValueByName);
      asked.assign(reinterpret_cast<const char*>(request.ins.at(0).data()), request.ins[0].size());
      return reply;
    });
  };
  expect_usable(with(answers({.outs = {bytes_of(std::uint32_t{7})}})));
  EXPECT_EQ(asked, "uid");
  expect_usable(with(answers({.outs = {bytes_of(std::uint64_t{7})}})));
  expect_usable(with(answers({.result = vsoc::credentials::kErrorNotFound})));
  EXPECT_EQ(with(answers({.result = 11})).result, 11);
  EXPECT_EQ(with(answers({.outs = {Bytes(5)}})).result, vsoc::kInvalid);
  EXPECT_EQ(with(answers({})).result, vsoc::kInvalid);
  const Id service = rig.open(vsoc::kUidFeatureVersions);
  EXPECT_EQ(with(service).result, vsoc::kBadObj);
  rig.release(service);
  rig.expect_clean();
}

TEST_F(Root, BootServices) {
  const auto image = vsoc::ta_build({.name = "cmnlib"});
  const auto load = [&](Bytes bytes) {
    return rig.op(env::kLoadCmnlibFromBuffer).in(std::move(bytes)).run(kRoot).result;
  };
  EXPECT_EQ(load({}), vsoc::kInvalid);
  EXPECT_EQ(load(Bytes(100)), vsoc::kInvalid);
  EXPECT_EQ(load(image), 0);
  EXPECT_EQ(load(image), env::kErrorCommonlibsAlreadyLoaded);

  const auto region = [&](std::uint64_t address, std::uint32_t size) {
    return rig.op(env::kConfigTaRegion).in_value(env::TaRegion{address, size}).run(kRoot).result;
  };
  EXPECT_EQ(region(0x1001, 0x1000), vsoc::kInvalid);
  EXPECT_EQ(region(0x1000, 0x1001), vsoc::kInvalid);
  EXPECT_EQ(region(0x1000, 0), vsoc::kInvalid);
  EXPECT_EQ(region(~0xFFFull, 0x2000), vsoc::kInvalid);
  EXPECT_EQ(rig.op(env::kConfigTaRegion).in(Bytes(11)).run(kRoot).result, vsoc::kInvalid);
  EXPECT_EQ(region(0xA0000000, 0x100000), 0);
  EXPECT_EQ(region(0xA0000000, 0x100000), env::kErrorAppRegionAlreadySet);

  EXPECT_EQ(rig.op(env::kNotifyDomainChange).run(kRoot).result, 0);
  EXPECT_EQ(rig.op(env::kAdciShutdown).run(kRoot).result, 0);
  EXPECT_EQ(rig.op(env::kAdciAccept).run(kRoot).result, vsoc::kUnavail);
  rig.expect_clean();
}

TEST_F(Root, PaddedRegionIsTaken) {
  Bytes padded = bytes_of(env::TaRegion{0xA0000000, 0x200000});
  padded.resize(16);
  EXPECT_EQ(rig.op(env::kConfigTaRegion).in(padded).run(kRoot).result, 0);
  const Id diagnostics = rig.open(vsoc::kUidDiagnostics);
  const auto answer = rig.op(vsoc::diagnostics::kQueryAppRegion).out(16).out(24).out(0).run(diagnostics);
  ASSERT_EQ(answer.result, 0);
  const auto region = value_of<vsoc::diagnostics::RegionInfo>(answer.outs[0]);
  EXPECT_EQ(region.address, 0xA0000000u);
  EXPECT_EQ(region.size, 0x200000u);
  rig.release(diagnostics);
  rig.expect_clean();
}

TEST_F(Root, EveryWrongShapeIsInvalid) {
  // One input buffer too many fits no operation but the credentials ones, which want none.
  for (std::uint32_t op = 0; op <= 9; ++op) {
    EXPECT_EQ(rig.op(op).out(8).out(8).run(kRoot).result, vsoc::kInvalid) << op;
    EXPECT_EQ(rig.op(op).in(Bytes(4)).in(Bytes(4)).in(Bytes(4)).wants(2).run(kRoot).result, vsoc::kInvalid) << op;
    EXPECT_EQ(rig.op(op).object(rig.callback(serves(credentials()))).run(kRoot).result, vsoc::kInvalid) << op;
  }
  for (const std::uint32_t op : {10u, 11u, 99u, 0x7FFFu, 0xFFFDu})
    EXPECT_EQ(rig.op(op).run(kRoot).result, vsoc::kInvalid) << op;
  rig.expect_clean();
}

TEST_F(Root, OpenOnRootAndEnvironment) {
  const auto with = [&](Bytes uid) { return rig.op(env::kOpen).in(std::move(uid)).wants(1).run(kRoot); };
  const auto opened = with(bytes_of(vsoc::kUidDiagnostics));
  ASSERT_EQ(opened.result, 0);
  rig.release(opened.objects[0]);
  for (const std::uint32_t uid : {0u, 1u, 87u, 119u, 122u, 268u, 274u, 409u, 413u, 0xFFFFFFFFu})
    EXPECT_EQ(with(bytes_of(uid)).result, vsoc::opener::kErrorNotFound) << uid;
  EXPECT_EQ(with(bytes_of(std::uint64_t{3})).result, vsoc::kInvalid);
  EXPECT_EQ(with({}).result, vsoc::kInvalid);

  const auto registered = register_client(serves(credentials()));
  ASSERT_EQ(registered.result, 0);
  for (std::uint32_t op = 1; op <= 10; ++op)
    EXPECT_EQ(rig.op(op).run(registered.objects[0]).result, vsoc::kInvalid) << op;
  EXPECT_EQ(rig.op(env::kOpen).wants(1).run(registered.objects[0]).result, vsoc::kInvalid);
  expect_usable(registered);
  rig.expect_clean();
}

}  // namespace
}  // namespace qtee::fw::services_test
