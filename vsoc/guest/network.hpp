// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace qtee::vsoc {

// Brings the loopback interface up. Throws Broken.
void loopback_up();

// Brings the network device up that vsoc-run has forwarded ports to, with kGuestAddress. Throws Broken.
void network_up();

}  // namespace qtee::vsoc
