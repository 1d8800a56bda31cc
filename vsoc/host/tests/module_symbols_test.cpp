// SPDX-License-Identifier: BSD-3-Clause
#include "module_symbols.hpp"

#include <gtest/gtest.h>

namespace qtee::vsoc {
namespace {

// As the kernel writes them, the symbols in no order.
constexpr char kModules[] =
    "qtee_user 40960 0 - Live 0xffff80007a020000 (O)\n"
    "qtee 90112 1 qtee_user, Live 0xffff80007a000000 (O)\n";
constexpr char kSymbols[] =
    "ffff800080010000 T _stext\n"
    "ffff80007a000200 t object_put\t[qtee]\n"
    "ffff80007a000100 t object_get\t[qtee]\n"
    "ffff80007a020000 t user_open\t[qtee_user]\n";

TEST(ModuleSymbolsTest, NamesWhatIsInModules) {
  const ModuleSymbols symbols(kModules, kSymbols);
  EXPECT_EQ(symbols.name_addresses("    [<0000000012345678>] 0xffff80007a000104\n    [<1>] 0xffff80007a0211f0\n"),
            "    [<0000000012345678>] object_get+0x4 [qtee]\n    [<1>] user_open+0x11f0 [qtee_user]\n");
  EXPECT_EQ(symbols.name_addresses("0xffff80007a000200"), "object_put+0 [qtee]");
}

TEST(ModuleSymbolsTest, LeavesEverythingElse) {
  const ModuleSymbols symbols(kModules, kSymbols);
  // Before, between and behind the modules; no address; a symbol's offset.
  for (const char* text : {"0xffff800079ffffff", "0xffff80007a018000", "0xffff80007a02a000", "0x", "0xg", "0x7a000100",
                           "kmalloc+0x104/0x200", "", "0xffff80007a0001000000"})
    EXPECT_EQ(symbols.name_addresses(text), text);
  EXPECT_EQ(ModuleSymbols().name_addresses("0xffff80007a000104"), "0xffff80007a000104");
  EXPECT_EQ(ModuleSymbols("nonsense\n\n", "nonsense]\n").name_addresses("0xffff80007a000104"), "0xffff80007a000104");
}

}  // namespace
}  // namespace qtee::vsoc
