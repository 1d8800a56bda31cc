// SPDX-License-Identifier: BSD-3-Clause
#include "device_tree.hpp"

#include <fmt/core.h>
#include <libfdt.h>

#include <cstring>
#include <stdexcept>

#include "vsoc/memory_map.hpp"

namespace qtee::vsoc {
namespace {

int check(int result, const char* what) {
  if (result < 0) throw std::runtime_error(fmt::format("device tree: {}: {}", what, fdt_strerror(result)));
  return result;
}

}  // namespace

std::string device_tree_make(std::string_view board, std::string_view overlay, const DeviceTreeSettings& settings) {
  std::string tree(kDtbMaxSize, '\0');
  std::string over(overlay);  // applying it changes it
  void* fdt = tree.data();
  check(fdt_check_full(board.data(), board.size()), "QEMU's");
  check(fdt_check_full(over.data(), over.size()), "overlay");
  check(fdt_open_into(board.data(), fdt, static_cast<int>(tree.size())), "QEMU's");
  check(fdt_overlay_apply(fdt, over.data()), "applying the overlay");

  const int cpus = check(fdt_path_offset(fdt, "/cpus"), "/cpus");
  // Setting a property moves what is behind it, not the node itself.
  for (int node = fdt_first_subnode(fdt, cpus); node >= 0; node = fdt_next_subnode(fdt, node)) {
    const auto* type = static_cast<const char*>(fdt_getprop(fdt, node, "device_type", nullptr));
    if (type != nullptr && std::strcmp(type, "cpu") == 0)
      check(fdt_setprop_string(fdt, node, "enable-method", "psci"), "enable-method");
  }
  const int chosen = check(fdt_path_offset(fdt, "/chosen"), "/chosen");
  check(fdt_setprop_string(fdt, chosen, "bootargs", settings.boot_arguments.c_str()), "bootargs");
  check(fdt_setprop_u64(fdt, chosen, "linux,initrd-start", kInitrdBase), "initrd");
  check(fdt_setprop_u64(fdt, chosen, "linux,initrd-end", kInitrdBase + settings.initrd_size), "initrd");
  if (settings.node) {
    const int firmware = check(fdt_path_offset(fdt, "/firmware"), "/firmware");
    const int node = check(fdt_add_subnode(fdt, firmware, "qtee"), "/firmware/qtee");
    check(fdt_setprop_string(fdt, node, "compatible", "qcom,qtee"), "compatible");
    for (const auto& [name, value] : settings.node->properties)
      check(fdt_setprop_u32(fdt, node, name.c_str(), value), name.c_str());
  }
  check(fdt_pack(fdt), "pack");
  tree.resize(fdt_totalsize(fdt));
  return tree;
}

}  // namespace qtee::vsoc
