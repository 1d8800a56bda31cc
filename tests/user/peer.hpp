// SPDX-License-Identifier: BSD-3-Clause
//
// A process of the other width: test_user32 where this is test_user, and the other way round.
#pragma once

#include <cstdint>
#include <string_view>

namespace qtee::test {

/// What a peer does with what comes over its socket.
namespace peer_job {
/// Receives an object of the private service and a memory object that begins with kPeerWord, invokes the object with
/// both, leaves pattern kPeerSeed in the memory, and sends a new object back.
inline constexpr char use[] = "use";
/// Receives a server's descriptor and serves one request for object kPeerObject, (1,1,1,1): gives the input backwards,
/// and a new object of the service that came. Ends when QTEE lets the object go.
inline constexpr char serve[] = "serve";
/// The descriptor is that of an object of the private service. Its first call finds nothing in a buffer of kPeerOutput.
inline constexpr char look[] = "look";
}  // namespace peer_job

inline constexpr std::uint64_t kPeerWord = 0x1122334455667788, kPeerSeed = 5, kPeerObject = 0xFEDCBA9876543210;
inline constexpr std::size_t kPeerOutput = 4000;
/// Exit status of a peer that did all of its job: the size of its pointers, in bytes.
inline constexpr int kPeerDone = sizeof(void*) == 8 ? 4 : 8;

/// Makes this process, which is to be a second one, the peer. Returns only when it can't, with an exit status.
int peer_exec(const char* job, int socket);

/// Whether main() was given peer_exec()'s arguments; then `status` is what it must return.
bool peer_main(int argc, char** argv, int& status);

}  // namespace qtee::test
