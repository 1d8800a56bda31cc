// SPDX-License-Identifier: BSD-3-Clause
//
// The device itself: what it says of itself, and what it must refuse before QTEE hears of it.
#include <cerrno>

#include "fixture.hpp"

namespace qtee::judge {
namespace {

class Device : public JudgeTest {
 protected:
  Outcome invoke_raw(std::uint64_t id, std::uint32_t op, std::vector<Param> params) {
    return device()->invoke(id, op, params);
  }
};

TEST_F(Device, Version) {
  const tee::Version version = device()->version();
  EXPECT_EQ(version.impl_id, static_cast<std::uint32_t>(TEE_IMPL_ID_QTEE));
  EXPECT_EQ(version.impl_caps, 0u);
  EXPECT_EQ(version.gen_caps, static_cast<std::uint32_t>(TEE_GEN_CAP_OBJREF));
}

TEST_F(Device, RefusesWrongLengths) {
  for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{16}, std::uint64_t{24 + 32 - 1},
                                     std::uint64_t{24 + 33}, std::uint64_t{24 + 64}, std::uint64_t{1} << 40}) {
    std::vector<Param> params(1, Param{TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT, 0, 0, 0});
    EXPECT_NE(device()->invoke_sized(World::get().service.id(), 0, params, 1, length).error, 0) << length;
  }
}

TEST_F(Device, RefusesReservedOperations) {
  const std::uint64_t id = World::get().service.id();
  EXPECT_THAT(invoke_raw(id, tee::kOpRetain, {}), FailsWith(EINVAL));
  EXPECT_THAT(invoke_raw(id, 0x10000, {}), FailsWith(EINVAL));
  EXPECT_THAT(invoke_raw(id, 0x8000'0000, {}), FailsWith(EINVAL));
}

TEST_F(Device, RefusesUnknownObjects) {
  EXPECT_THAT(invoke_raw(12345, 0, {}), FailsWith(EINVAL));
  EXPECT_THAT(
      Invocation(static_cast<std::uint32_t>(vsoc::Op::mirror)).in_ref(Ref::tee(12345)).run(World::get().service),
      FailsWith(EINVAL));
  EXPECT_THAT(
      Invocation(static_cast<std::uint32_t>(vsoc::Op::mirror)).in_ref(Ref::memory(12345)).run(World::get().service),
      FailsWith(EINVAL));
}

TEST_F(Device, ReleaseOfNothingIsHarmless) { EXPECT_OK(invoke_raw(54321, tee::kOpRelease, {})); }

TEST_F(Device, RefusesInoutParameters) {
  const std::uint64_t id = World::get().service.id();
  std::uint64_t word = 0;
  const auto address = reinterpret_cast<std::uintptr_t>(&word);
  EXPECT_THAT(invoke_raw(id, 0, {{TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INOUT, address, 8, 0}}), FailsWith(EINVAL));
  EXPECT_THAT(invoke_raw(id, 0, {{TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INOUT, TEE_OBJREF_NULL, 0, 0}}), FailsWith(EINVAL));
  EXPECT_THAT(invoke_raw(id, 0, {{TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_INPUT, 1, 2, 3}}), FailsWith(EINVAL));
}

TEST_F(Device, RefusesTooManyParameters) {
  const std::uint64_t id = World::get().service.id();
  const Param empty = {TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT, 0, 0, 0};
  EXPECT_THAT(invoke_raw(id, 0, std::vector<Param>(17, empty)), FailsWith(EINVAL));
  EXPECT_THAT(invoke_raw(id, 0, std::vector<Param>(65, empty)), FailsWith(EINVAL));
}

TEST_F(Device, RefusesPrivilegedRootOperations) {
  for (const std::uint32_t op : {4u, 8u, 9u}) EXPECT_THAT(invoke_raw(TEE_OBJREF_NULL, op, {}), FailsWith(EINVAL)) << op;
  Received env;
  EXPECT_THAT(Invocation(tee::kOpRegisterWithCredentials).in_null().out_object(env).run(Object::root(device())),
              FailsWith(EINVAL));
}

TEST_F(Device, RefusesMemoryThatIsNotThere) {
  void* const nowhere = reinterpret_cast<void*>(8);
  std::byte out[8];
  const auto echo = static_cast<std::uint32_t>(vsoc::Op::echo);
  EXPECT_NE(Invocation(echo).in(nowhere, 8).out(out, 8).run(World::get().service).error, 0);
  // QTEE has answered by then: what can't be copied out is an error of the call.
  const Outcome outcome = Invocation(echo).in_value(std::uint64_t{1}).out(nowhere, 8).run(World::get().service);
  EXPECT_FALSE(outcome.ok());
}

TEST_F(Device, ForeignSharedMemoryIsRefused) {
  struct tee_ioctl_shm_register_data data = {};
  std::byte page[4096];
  data.addr = reinterpret_cast<std::uintptr_t>(page);
  data.length = sizeof(page);
  EXPECT_LT(device()->control(TEE_IOC_SHM_REGISTER, &data), 0);
}

TEST_F(Device, ObjectsOfAnotherOpenAreUnknown) {
  const auto other = TeeDevice::open();
  std::vector<Param> none;
  EXPECT_THAT(other->invoke(World::get().service.id(), 0, none), FailsWith(EINVAL));
}

TEST_F(Device, CloseReleasesEverything) {
  const vsoc::Report before = report();
  {
    Client client = Client::open(1);
    const Object other = client.open_service(vsoc::kServiceUid);
    ASSERT_TRUE(other);
    std::vector<Received> objects(15);
    ASSERT_OK(Service(other).create(objects));
    EXPECT_TRUE(poll([&](const vsoc::Report& now) { return now.tee_objects >= before.tee_objects + 15; }));
    client.server->stop();
    client.device->close();
  }
  EXPECT_TRUE(poll([&](const vsoc::Report& now) { return now.tee_references == before.tee_references; }));
}

}  // namespace
}  // namespace qtee::judge
