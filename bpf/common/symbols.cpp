// SPDX-License-Identifier: BSD-3-Clause
#include "symbols.hpp"

#include <bpf/bpf.h>
#include <cxxabi.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "qtee/file_descriptor.hpp"

namespace qtee::bpf {
namespace {

constexpr std::size_t kMaxFrames = 64;

/// Of a C++ function, without its parameters: frames are names.
std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
  if (!text) return name;
  std::string all = text.get();
  // Back from the last ) to its (; what follows is const or the like.
  int depth = 0;
  for (std::size_t at = all.rfind(')'); at != std::string::npos && at < all.size(); --at) {
    depth += (all[at] == ')') - (all[at] == '(');
    if (depth) continue;
    all.resize(at);
    break;
  }
  return all;
}

}  // namespace

void KernelSymbols::read() {
  std::ifstream file("/proc/kallsyms");
  text_.assign(std::istreambuf_iterator<char>(file), {});
  // Lines of "address type name" and, of a module's, a tab and "[module]"; by hand, as there are 200,000.
  for (std::size_t at = 0, end; (end = text_.find('\n', at)) != std::string::npos; at = end + 1) {
    std::uint64_t address = 0;
    const char* first = text_.data() + at;
    const auto [stop, error] = std::from_chars(first, text_.data() + end, address, 16);
    if (error != std::errc{} || !address || stop + 3 >= text_.data() + end) continue;
    if (std::string_view("tTwW").find(stop[1]) != std::string_view::npos && stop[3] != '$')
      functions_.emplace_back(address, static_cast<std::size_t>(stop + 3 - text_.data()));
  }
  std::ranges::stable_sort(functions_, {}, &std::pair<std::uint64_t, std::size_t>::first);
}

std::string KernelSymbols::name(std::uint64_t address) {
  if (text_.empty()) read();
  auto found = std::ranges::upper_bound(functions_, address, {}, &std::pair<std::uint64_t, std::size_t>::first);
  if (found == functions_.begin()) return fmt::format("{:#x}", address);
  const std::size_t at = (--found)->second;
  std::string name = text_.substr(at, text_.find('\n', at) - at);
  std::ranges::replace(name, '\t', ' ');
  return name;
}

/// Functions of a file, by their addresses in it.
struct UserSymbols::File {
  std::map<std::uint64_t, std::pair<std::uint64_t, std::string>> functions;  // by address: end, name
  struct Segment {
    std::uint64_t offset, size, address;
  };
  std::vector<Segment> segments;

  explicit File(const std::string& path) {
    // What has the name now may be anything, and nothing is to wait for.
    const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    const std::unique_ptr<Elf, int (*)(Elf*)> elf(::elf_begin(fd.get(), ELF_C_READ, nullptr), ::elf_end);
    std::size_t count = 0;
    if (!elf || ::elf_getphdrnum(elf.get(), &count) != 0) return;
    for (std::size_t i = 0; i < count; ++i) {
      GElf_Phdr header;
      if (::gelf_getphdr(elf.get(), static_cast<int>(i), &header) && header.p_type == PT_LOAD)
        segments.push_back({header.p_offset, header.p_filesz, header.p_vaddr});
    }
    for (Elf_Scn* section = nullptr; (section = ::elf_nextscn(elf.get(), section));) {
      GElf_Shdr header;
      if (!::gelf_getshdr(section, &header) || (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM)) continue;
      Elf_Data* data = ::elf_getdata(section, nullptr);
      if (!data || !header.sh_entsize) continue;
      for (std::size_t i = 0; i < header.sh_size / header.sh_entsize; ++i) {
        GElf_Sym symbol;
        if (!::gelf_getsym(data, static_cast<int>(i), &symbol) || GELF_ST_TYPE(symbol.st_info) != STT_FUNC ||
            symbol.st_shndx == SHN_UNDEF)
          continue;
        const char* name = ::elf_strptr(elf.get(), header.sh_link, symbol.st_name);
        if (name && *name)
          functions.try_emplace(symbol.st_value, symbol.st_value + std::max<std::uint64_t>(symbol.st_size, 4), name);
      }
    }
  }

  /// "" where there is none.
  std::string name(std::uint64_t offset) const {
    for (const Segment& segment : segments) {
      if (offset < segment.offset || offset - segment.offset >= segment.size) continue;
      const std::uint64_t address = offset - segment.offset + segment.address;
      auto found = functions.upper_bound(address);
      if (found == functions.begin()) return "";
      --found;
      return address < found->second.first ? demangled(found->second.second.c_str()) : "";
    }
    return "";
  }
};

UserSymbols::UserSymbols() { ::elf_version(EV_CURRENT); }
UserSymbols::~UserSymbols() = default;

std::shared_ptr<UserSymbols::File> UserSymbols::file(std::uint32_t pid, const std::string& path) {
  std::shared_ptr<File>& file = files_[path];
  if (!file) file = std::make_shared<File>(fmt::format("/proc/{}/root{}", pid, path));
  return file;
}

void UserSymbols::learn(std::uint32_t pid) {
  if (processes_.contains(pid)) return;
  std::ifstream maps(fmt::format("/proc/{}/maps", pid));
  std::vector<Mapping> mappings;
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    Mapping mapping{};
    char dash = 0;
    std::string permissions, device, inode;
    words >> std::hex >> mapping.start >> dash >> mapping.end >> permissions >> mapping.offset >> device >> inode;
    std::getline(words >> std::ws, mapping.path);
    if (permissions.find('x') == std::string::npos) continue;
    if (mapping.path.starts_with('/')) mapping.file = file(pid, mapping.path);
    mappings.push_back(std::move(mapping));
  }
  if (!mappings.empty()) processes_[pid] = std::move(mappings);
}

std::string UserSymbols::name(std::uint32_t pid, std::uint64_t address) {
  learn(pid);
  for (const Mapping& mapping : processes_[pid]) {
    if (address < mapping.start || address >= mapping.end) continue;
    const std::uint64_t offset = address - mapping.start + mapping.offset;
    const std::string name = mapping.file ? mapping.file->name(offset) : "";
    if (!name.empty()) return name;
    return fmt::format("[{}+{:#x}]", mapping.path.substr(mapping.path.rfind('/') + 1), offset);
  }
  return "[unknown]";
}

bool symbol_is_noise(std::string_view name) {
  static constexpr std::array<std::string_view, 13> kPrefixes = {
      "__schedule",     "schedule",         "preempt_schedule", "bpf_",        "__bpf_",
      "__traceiter_",   "qtee_trace_",      "dynamic_preempt",  "__switch_to", "__cond_resched",
      "trace_call_bpf", "do_notify_resume", "raw_irqentry"};
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

std::vector<std::uint64_t> stack_frames(int map, std::uint32_t id) {
  std::array<std::uint64_t, kMaxFrames> frames{};
  if (bpf_map_lookup_elem(map, &id, frames.data()) != 0) return {};
  return {frames.begin(), std::ranges::find(frames, std::uint64_t{0})};
}

}  // namespace qtee::bpf
