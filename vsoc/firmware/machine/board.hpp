// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "qtee/firmware.hpp"

namespace qtee::machine {

// The board, as the QTEE layer sees it.
fw::Machine& board();

}  // namespace qtee::machine
