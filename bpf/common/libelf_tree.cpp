// SPDX-License-Identifier: BSD-3-Clause
//
// What the static libelf of elfutils 0.192 calls and does not have (sourceware's bug 32293): a search tree, the root of
// which is its first word. Without a lock: each ELF file is one thread's here. Of no use, and in nobody's way, with a
// libelf that has it.
#include <search.h>

extern "C" {

using Compare = int (*)(const void*, const void*);

void eu_search_tree_init(void** tree) { *tree = nullptr; }
void eu_search_tree_fini(void** tree, void (*free_node)(void*)) { ::tdestroy(*tree, free_node); }
void* eu_tsearch(const void* key, void** tree, Compare compare) { return ::tsearch(key, tree, compare); }
void* eu_tdelete(const void* key, void** tree, Compare compare) { return ::tdelete(key, tree, compare); }
}
