// SPDX-License-Identifier: BSD-3-Clause
#include "services/ta_image.hpp"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "ta_builder.hpp"

namespace qtee::fw {
namespace {

namespace loader = vsoc::app_loader;
using Image = std::vector<std::byte>;

std::int32_t check(const Image& image) {
  TaImage out;
  return ta_image_check(image, out);
}

// The builder's image with something of it changed.
template <class Change>
std::int32_t check_changed(Change change, vsoc::TaSpec spec = {.name = "ta"}) {
  auto image = vsoc::ta_build(spec);
  change(image);
  return check(image);
}

template <class Change>
std::int32_t check_header(Change change) {
  return check_changed([&](Image& image) { change(*reinterpret_cast<Elf64_Ehdr*>(image.data())); });
}

// Segment 0 is code, 1 data, 2 the note.
template <class Change>
std::int32_t check_segment(int index, Change change) {
  return check_changed(
      [&](Image& image) { change(reinterpret_cast<Elf64_Phdr*>(image.data() + sizeof(Elf64_Ehdr))[index]); });
}

constexpr std::size_t kNoteAt = sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr);

template <class Change>
std::int32_t check_note(Change change, const char* name = "ta") {
  return check_changed([&](Image& image) { change(image.data() + kNoteAt); }, {.name = name});
}

void put32(std::byte* at, std::uint32_t value) { std::memcpy(at, &value, sizeof value); }

TEST(TaImage, BothClassesAreTaken) {
  for (const int elf_class : {32, 64}) {
    for (const std::size_t size : {2048u, 32'856u, 118'216u}) {
      const auto bytes = vsoc::ta_build({.name = "skeleton", .size = size, .elf_class = elf_class});
      ASSERT_EQ(bytes.size(), size);
      TaImage image;
      ASSERT_EQ(ta_image_check(bytes, image), 0);
      EXPECT_EQ(image.name_view(), "skeleton");
      EXPECT_EQ(image.elf_class, static_cast<std::uint32_t>(elf_class));
      EXPECT_EQ(image.size, size);
      EXPECT_EQ(image.flags, 0u);
      EXPECT_GE(image.memory_size, size);
      EXPECT_EQ(image.memory_size % 4096, 0u);
    }
  }
}

TEST(TaImage, NameComesFromTheHashWithoutANote) {
  TaImage a, b;
  ASSERT_EQ(ta_image_check(vsoc::ta_build({.name = "", .seed = 1}), a), 0);
  ASSERT_EQ(ta_image_check(vsoc::ta_build({.name = "", .seed = 2}), b), 0);
  EXPECT_TRUE(a.name_view().starts_with("ta-"));
  EXPECT_EQ(a.name_view().size(), 19u);
  EXPECT_NE(a.name_view(), b.name_view());
}

TEST(TaImage, HashIsFnv1a) {
  EXPECT_EQ(ta_image_hash({}), 0xCBF29CE484222325u);
  const char text[] = {'f', 'o', 'o', 'b', 'a', 'r'};
  EXPECT_EQ(ta_image_hash(std::as_bytes(std::span(text))), 0x85944171F73967E8u);
}

TEST(TaImage, FlagsComeFromTheNote) {
  TaImage image;
  ASSERT_EQ(ta_image_check(vsoc::ta_build({.name = "one", .flags = vsoc::kTaSingleInstance}), image), 0);
  EXPECT_EQ(image.flags, vsoc::kTaSingleInstance);
}

TEST(TaImage, WhatIsNoElfIsAnInvalidBuffer) {
  EXPECT_EQ(check({}), loader::kErrorInvalidBuffer);
  EXPECT_EQ(check(Image(15)), loader::kErrorInvalidBuffer);
  EXPECT_EQ(check(Image(4096)), loader::kErrorInvalidBuffer);
  EXPECT_EQ(check_changed([](Image& i) { i[0] = std::byte{0x7E}; }), loader::kErrorInvalidBuffer);
}

TEST(TaImage, EveryHeaderFieldIsChecked) {
  EXPECT_EQ(check_header([](Elf64_Ehdr&) {}), 0);
  const auto bad = [](auto change) { return check_header(change) == loader::kErrorElfLoading; };
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_ident[EI_CLASS] = 0; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_ident[EI_CLASS] = ELFCLASS32; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_ident[EI_DATA] = ELFDATA2MSB; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_ident[EI_VERSION] = 0; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_type = ET_REL; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_type = ET_CORE; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_machine = EM_X86_64; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_machine = EM_ARM; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_version = 2; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_ehsize = 63; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_phentsize = 32; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_phnum = 0; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_phnum = 65; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_phnum = PN_XNUM; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_phoff = 32'856 - 56; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_phoff = ~0ull; }));
  EXPECT_TRUE(bad([](Elf64_Ehdr& h) { h.e_entry = 0x1000; }));
  EXPECT_EQ(check_header([](Elf64_Ehdr& h) { h.e_entry = 0; }), 0);
  EXPECT_EQ(check_header([](Elf64_Ehdr& h) { h.e_type = ET_EXEC; }), 0);
}

TEST(TaImage, EverySegmentFieldIsChecked) {
  const auto bad = [](auto change) { return check_segment(1, change) == loader::kErrorElfLoading; };
  EXPECT_EQ(check_segment(1, [](Elf64_Phdr&) {}), 0);
  EXPECT_TRUE(bad([](Elf64_Phdr& s) { s.p_offset += 1; }));
  EXPECT_TRUE(bad([](Elf64_Phdr& s) { s.p_offset = ~0ull - 10; }));
  EXPECT_TRUE(bad([](Elf64_Phdr& s) { s.p_filesz = ~0ull; }));
  EXPECT_TRUE(bad([](Elf64_Phdr& s) { s.p_memsz = s.p_filesz - 1; }));
  EXPECT_TRUE(bad([](Elf64_Phdr& s) { s.p_memsz = 65ull << 20; }));
  EXPECT_TRUE(bad([](Elf64_Phdr& s) { s.p_align = 3; }));
  EXPECT_TRUE(bad([](Elf64_Phdr& s) { s.p_vaddr = ~0ull - 100; }));
  EXPECT_TRUE(bad([](Elf64_Phdr& s) { s.p_vaddr = 0x400100; }));  // inside segment 0
  EXPECT_EQ(check_segment(1, [](Elf64_Phdr& s) { s.p_align = 0; }), 0);
  // Memory without bytes in the file needs no place in it.
  EXPECT_EQ(check_segment(1,
                          [](Elf64_Phdr& s) {
                            s.p_filesz = 0;
                            s.p_offset = 1ull << 40;
                          }),
            0);
  // What PT_NULL says is not looked at.
  EXPECT_EQ(check_segment(1,
                          [](Elf64_Phdr& s) {
                            s.p_type = PT_NULL;
                            s.p_offset = s.p_filesz = ~0ull;
                          }),
            0);
}

TEST(TaImage, SomethingMustBeLoaded) {
  EXPECT_EQ(check_changed([](Image& image) {
              auto* segments = reinterpret_cast<Elf64_Phdr*>(image.data() + sizeof(Elf64_Ehdr));
              segments[0].p_type = segments[1].p_type = PT_NULL;
            }),
            loader::kErrorElfLoading);
}

TEST(TaImage, Class32StaysBelow4GiB) {
  EXPECT_EQ(check_changed(
                [](Image& image) {
                  auto* segments = reinterpret_cast<Elf32_Phdr*>(image.data() + sizeof(Elf32_Ehdr));
                  segments[1].p_vaddr = 0xFFFFFFFF - 100;
                },
                {.name = "ta", .elf_class = 32}),
            loader::kErrorElfLoading);
}

TEST(TaImage, EveryNoteFieldIsChecked) {
  EXPECT_EQ(check_note([](std::byte*) {}), 0);
  // A name or a description that passes the end of the segment.
  EXPECT_EQ(check_note([](std::byte* n) { put32(n, 0xFFFFFFFF); }), loader::kErrorMetadataInvalid);
  EXPECT_EQ(check_note([](std::byte* n) { put32(n + 4, 0xFFFFFFFF); }), loader::kErrorMetadataInvalid);
  EXPECT_EQ(check_note([](std::byte* n) { put32(n + 4, 7); }), loader::kErrorMetadataInvalid);
  EXPECT_EQ(check_note([](std::byte* n) { put32(n + 20, 2); }), loader::kErrorMetadataInvalid) << "version";
  EXPECT_EQ(check_note([](std::byte* n) { put32(n + 24, 2); }), loader::kErrorMetadataInvalid) << "flags";
  EXPECT_EQ(check_note([](std::byte* n) { n[28] = std::byte{0}; }), loader::kErrorNoNameInMetadata);
  EXPECT_EQ(check_note([](std::byte* n) { put32(n + 4, 8); }), loader::kErrorNoNameInMetadata);
  EXPECT_EQ(check_note([](std::byte* n) { n[28] = std::byte{'/'}; }), loader::kErrorMetadataInvalid) << "letters";
  EXPECT_EQ(check_note([](std::byte* n) { n[30] = std::byte{'x'}; }), loader::kErrorMetadataInvalid) << "no NUL";
  EXPECT_EQ(check_note([](std::byte* n) { n[29] = std::byte{0}; }), loader::kErrorMetadataInvalid) << "early NUL";
  // Another owner's note, or another type, is not ours to read.
  EXPECT_EQ(check_note([](std::byte* n) {
              n[12] = std::byte{'X'};
              n[28] = std::byte{'/'};
            }),
            0);
  EXPECT_EQ(check_note([](std::byte* n) {
              put32(n + 8, 9);
              n[28] = std::byte{'/'};
            }),
            0);
}

TEST(TaImage, EveryTruncationIsRefused) {
  const auto whole = vsoc::ta_build({.name = "ta", .size = 2048});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(check({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}), 0) << size;
}

TEST(TaBuilder, RefusesWhatItCanNotBuild) {
  EXPECT_THROW(vsoc::ta_build({.name = "", .size = 100}), std::invalid_argument);
  EXPECT_THROW(vsoc::ta_build({.name = "", .elf_class = 16}), std::invalid_argument);
  EXPECT_THROW(vsoc::ta_build({.name = std::string(64, 'a')}), std::invalid_argument);
}

}  // namespace
}  // namespace qtee::fw
