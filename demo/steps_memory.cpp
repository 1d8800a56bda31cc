// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <vsoc/interfaces.hpp>

#include "demo.hpp"

namespace qtee::demo {

void Demo::share() {
  constexpr std::size_t kSize = 64 << 10;
  std::optional<MemoryObject> memory;
  MemoryMapping mapping;
  steps_.run("dma-buf", [&] {
    memory = MemoryObject::from_huge_page(kSize);
    mapping = memory->map();
    mapping.access(CpuAccess::Mode::write).store(0, vsoc::kTestPattern1);
    return fmt::format("made a dma-buf of {} contiguous bytes out of a huge page and wrote {:#x}", memory->size(),
                       vsoc::kTestPattern1);
  });
  steps_.run("share", [&] {
    const Object tests = Client(app_.duplicate()).open(ServiceUid(vsoc::kAppUidTestMemManager));
    tests.call(OpCode(vsoc::test_mem_manager::kAccess), *memory);
    const auto seen = mapping.access(CpuAccess::Mode::read).load<std::uint64_t>(0);
    require(seen == vsoc::kTestPattern2, fmt::format("the TA left {:#x} in the shared memory", seen));

    // Once more with the same dma-buf, then both at once.
    mapping.access(CpuAccess::Mode::write).store(0, vsoc::kTestPattern1);
    tests.call(OpCode(vsoc::test_mem_manager::kAccess), *memory);
    const MemoryObject second = MemoryObject::from_huge_page(4096);
    second.map().access(CpuAccess::Mode::write).store(0, vsoc::kTestPattern1);
    mapping.access(CpuAccess::Mode::write).store(0, vsoc::kTestPattern1);
    tests.call(OpCode(vsoc::test_mem_manager::kAccessTwoMemObjects), *memory, second);
    require(second.map().access(CpuAccess::Mode::read).load<std::uint64_t>(0) == vsoc::kTestPattern2,
            "the TA did not write to the second of two memory objects");
    tests.call(OpCode(vsoc::test_mem_manager::kReleaseImmediately), *memory);
    return fmt::format("the TA found the pattern in place and left {:#x}; again, and with two dma-bufs at once", seen);
  });
  steps_.run("fill", [&] {
    constexpr std::uint64_t kSeed = 42;
    service_->fill(*memory, {0, kSize, kSeed});
    const CpuAccess access = mapping.access(CpuAccess::Mode::read);
    for (std::size_t k = 0; k < kSize; ++k) {
      require(access.bytes()[k] == std::byte{vsoc::pattern(kSeed, k)},
              fmt::format("byte {} is not what QTEE wrote", k));
    }
    require(service_->checksum(*memory, {0, kSize}) == vsoc::checksum(access.bytes().data(), kSize),
            "QTEE and we don't see the same memory");
    return fmt::format("QTEE wrote {} bytes in place, we read them all, and our checksums agree", kSize);
  });
}

}  // namespace qtee::demo
