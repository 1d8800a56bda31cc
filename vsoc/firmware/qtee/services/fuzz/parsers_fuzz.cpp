// SPDX-License-Identifier: BSD-3-Clause
//
// libFuzzer's way into what reads clients' bytes: the image check and the credentials parser. Each gets every input, in
// memory of exactly its size.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "services/cbor.hpp"
#include "services/ta_image.hpp"

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "invariant broken: %s\n", what);
  std::abort();
}

void image(std::span<const std::byte> bytes) {
  qtee::fw::TaImage image;
  const auto result = qtee::fw::ta_image_check(bytes, image);
  if (result != 0) {
    require(result >= qtee::vsoc::app_loader::kErrorInvalidBuffer && result <= qtee::vsoc::app_loader::kErrorElfLoading,
            "the error is the loader's");
    return;
  }
  require(image.size == bytes.size(), "size");
  require(image.elf_class == 32 || image.elf_class == 64, "class");
  require(image.memory_size != 0 && image.memory_size % 4096 == 0 && image.memory_size <= 64u << 20, "memory");
  require(std::memchr(image.name, 0, sizeof image.name) != nullptr && image.name[0] != '\0', "name");
  require((image.flags & ~qtee::vsoc::kTaSingleInstance) == 0, "flags");
}

void credentials(std::span<const std::byte> bytes) {
  qtee::fw::Credentials credentials;
  if (!qtee::fw::credentials_parse(bytes, credentials)) return;
  require(credentials.has_uid, "uid");
  require(std::memchr(credentials.package_name, 0, sizeof credentials.package_name) != nullptr, "package name");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto copy = std::make_unique<std::byte[]>(size);
  if (size != 0) std::memcpy(copy.get(), data, size);
  image({copy.get(), size});
  credentials({copy.get(), size});
  return 0;
}
