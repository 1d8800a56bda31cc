// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "qtee/firmware.hpp"

namespace qtee::fw {

// The board, as the QTEE layer sees it.
Machine& machine();

}  // namespace qtee::fw
