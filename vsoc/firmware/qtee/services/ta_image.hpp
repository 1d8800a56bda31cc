// SPDX-License-Identifier: BSD-3-Clause
//
// What the loader makes of a TA image: every field that loading depends on is checked, and nothing of it is executed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "vsoc/interfaces.hpp"

namespace qtee::fw {

// The checked facts of an image.
struct TaImage {
  std::uint64_t hash = 0;         // FNV-1a of all bytes
  std::uint64_t memory_size = 0;  // of the loadable segments, each in whole pages
  std::uint32_t size = 0;         // bytes of the image
  std::uint32_t elf_class = 0;    // 32 or 64
  std::uint32_t flags = 0;        // of the TA note
  char name[vsoc::diagnostics::kAppNameMax] = {};

  std::string_view name_view() const { return name; }
};

// Checks `bytes`, which must not change meanwhile, and fills `image`. Returns 0 or an error of app_loader; `image` is
// then undefined.
std::int32_t ta_image_check(std::span<const std::byte> bytes, TaImage& image);

// 64-bit FNV-1a.
std::uint64_t ta_image_hash(std::span<const std::byte> bytes);

}  // namespace qtee::fw
