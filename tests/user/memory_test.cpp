// SPDX-License-Identifier: BSD-3-Clause
//
// dma-bufs as memory objects.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::Op;

class MemoryTest : public UserTest {};

TEST_F(MemoryTest, ScatteredMemoryIsAClearErrorAndNothingIsLost) {
  const MemoryObject memory = MemoryObject::from_pages(1 << 20);
  const auto outcome = service_.object().try_call<std::uint64_t>(Op::checksum, vsoc::RangeRequest{0, 8}, memory);
  // By chance the pages may lie in a row.
  if (!outcome) {
    EXPECT_TRUE(outcome.error().value() != 0) << outcome.error().message();
    RecordProperty("scattered", outcome.error().message());
  }
  service_.null();
}

TEST_F(MemoryTest, OneMemoryObjectServesManyCalls) {
  const MemoryObject memory = MemoryObject::from_huge_page(4096);
  const auto before = service_.counters();
  for (std::uint64_t i = 0; i < 20; ++i) {
    service_.fill(memory, {0, 4096, i});
    EXPECT_EQ(memory.map().access(CpuAccess::Mode::read).bytes()[5], std::byte{vsoc::pattern(i, 5)});
  }
  EXPECT_LE(service_.counters().map_regions - before.map_regions, 20u);
}

TEST_F(MemoryTest, MappingOutlivesTheOwner) {
  Object mapped;
  MemoryMapping mapping;
  {
    const MemoryObject memory = MemoryObject::from_huge_page(8192);
    mapping = memory.map();
    mapped = service_.object().call<Object>(Op::map, vsoc::RangeRequest{0, 8192}, memory);
  }
  mapped.call<std::uint64_t>(Op::touch, vsoc::FillRequest{0, 8192, 3});
  EXPECT_EQ(mapping.access(CpuAccess::Mode::read).bytes()[8000], std::byte{vsoc::pattern(3, 8000)});
  mapping = MemoryMapping();
  mapped.call<std::uint64_t>(Op::touch, vsoc::FillRequest{0, 8192, 4});
}

TEST_F(MemoryTest, ComesBackAsTheSameMemory) {
  const MemoryObject memory = MemoryObject::from_huge_page(4096);
  memory.map().access(CpuAccess::Mode::write).store(0, std::uint64_t{0x1234});
  const MemoryObject back = service_.object().call<MemoryObject>(Op::mirror, memory);
  ASSERT_TRUE(back);
  EXPECT_EQ(back.size(), memory.size());
  EXPECT_EQ(back.map().access(CpuAccess::Mode::read).load<std::uint64_t>(0), 0x1234u);
}

TEST_F(MemoryTest, FifteenInOneCall) {
  std::vector<MemoryObject> memories;
  for (int i = 0; i < 5; ++i) memories.push_back(MemoryObject::from_huge_page(4096));
  Invocation invocation(Op::mirror);
  for (int i = 0; i < 15; ++i) invocation.input(memories[i % 5]).output_object();
  ASSERT_FALSE(invocation.invoke(service_.object()));
  for (int i = 0; i < 15; ++i) EXPECT_TRUE(std::holds_alternative<MemoryObject>(invocation.take_object(i)));
}

TEST_F(MemoryTest, OnlyDmaBufsAreMemoryObjects) {
  const int service = service_.object().fd();
  const FileDescriptor memfd(::memfd_create("plain", MFD_CLOEXEC));
  const FileDescriptor server = server_open();
  for (const int fd : {memfd.get(), service, server.get(), 0, 9999, -1}) {
    EXPECT_EQ(RawInvoke(9, {param_object(fd, QCOM_TEE_MEMORY_OBJECT)}).invoke(service), EBADF) << fd;
  }
  const MemoryObject memory = MemoryObject::from_huge_page(4096);
  EXPECT_EQ(RawInvoke(9, {param_object(memory.fd(), QCOM_TEE_OBJECT_SECURE)}).invoke(service), EBADF);
  EXPECT_EQ(RawInvoke(9, {param_object(memory.fd(), 0)}).invoke(service), EBADF);
}

TEST_F(MemoryTest, OnlyMemoryObjectsAreMapped) {
  CallbackServer server;
  const CallbackObject own = server.add([](CallbackRequest&) { return Result::ok; });
  EXPECT_FALSE(service_.object().try_call<std::uint64_t>(Op::checksum, vsoc::RangeRequest{0, 8}, own));
  EXPECT_FALSE(service_.object().try_call<std::uint64_t>(Op::checksum, vsoc::RangeRequest{0, 8}, service_.object()));
  EXPECT_FALSE(service_.object().try_call<std::uint64_t>(Op::checksum, vsoc::RangeRequest{0, 8}, nullptr));
  EXPECT_TRUE(all_released(server));
}

}  // namespace
}  // namespace qtee::test
