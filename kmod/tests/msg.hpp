// SPDX-License-Identifier: BSD-3-Clause
//
// The driver's wire format, as C++ sees it.
#pragma once

extern "C" {
// msg.h is C: it works with void pointers as the kernel does, and says so only in its source.
#include "msg.h"
}
