// SPDX-License-Identifier: BSD-3-Clause
//
// The driver's header is C with anonymous structs and flexible arrays: quiet for strict C++.
#pragma once

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#include <misc/qcom_tee.h>
#pragma GCC diagnostic pop
