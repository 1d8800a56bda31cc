// SPDX-License-Identifier: BSD-3-Clause
//
// The private service of the virtual SoC's QTEE: what tests and benchmarks ask of the firmware.
//
// One header for both sides. Every struct is what travels in a buffer: little endian, no padding. The shape of an
// operation, (BI,BO,OI,OO), counts its input buffers, output buffers, input objects and output objects. An operation
// called with another shape, or with a fixed-size input buffer of another size, answers INVALID (2); with an output
// buffer that is too small, SIZE_OUT (4). Operations whose shape says n, m, p or q take any count there.
#pragma once

#include <cstdint>

namespace qtee::vsoc {

// Opened through any client environment: IClientEnv.open(kServiceUid).
inline constexpr std::uint32_t kServiceUid = 0x7E57C0DE;

enum class Op : std::uint32_t {
  null = 0,         // (0,0,0,0) nothing
  echo = 1,         // (1,1,0,0) BO = BI, cut to BI's size
  mirror = 2,       // (n,m,p,q) BO[i] = BI[i], OO[i] = OI[i]; a missing partner leaves an empty buffer, a NULL object
  fail = 3,         // (1,0,0,0) BI s32: answers that result code
  work = 4,         // (1,0,0,0) BI u64: stays in the secure world for so many nanoseconds, a minute at most
  fill = 5,         // (1,0,1,0) BI FillRequest: maps OI[0], a memory object, and writes the pattern
  checksum = 6,     // (1,1,1,0) BI RangeRequest, BO u64: maps OI[0] and sums it; see checksum()
  nest = 7,         // (1,1,1,0) BI u32 depth, BO u32 reached; see kNestOp
  callback = 8,     // (1+n,m,1+p,q) BI[0] CallbackRequest; calls OI[0] with (n,m,p,q): the rest; answers its result
  hold = 9,         // (0,0,p,0) keeps the objects, in a stack that all users of the service share
  give = 10,        // (0,0,0,q) hands the newest q back, and keeps its own references; NULL where there are none
  drop = 11,        // (1,0,0,0) BI u32: lets go of the newest n objects, 0xFFFFFFFF for all
  create = 12,      // (0,0,0,q) q new objects, each a live object of its own with this service's operations
  report = 13,      // (0,1,0,0) BO Report
  arm = 14,         // (1,0,0,0) BI ArmRequest: coming SMCs answer as asked
  lie = 15,         // (1+n,m,p,q) BI[0] LieRequest: does as mirror does with the rest, and misbehaves in this very call
  counters = 16,    // (0,1,0,0) BO Counters
  configure = 17,   // (1,0,0,0) BI ConfigureRequest
  map = 18,         // (1,0,1,1) BI RangeRequest, OI memory object, OO a TEE object that keeps it mapped while it lives
  touch = 19,       // (1,1,0,0) on an object that map gave out: BI FillRequest, BO u64: checksum before the fill
  primordial = 20,  // (1+n,m,p,q) BI[0] CallbackRequest; calls the primordial object with the rest, as callback does
  residue = 24,     // (n,m,k,0) BO[0] Residue: what the message's buffers hold beside the message
};

struct FillRequest {
  std::uint64_t offset;  // bytes into the memory object
  std::uint64_t length;  // bytes; 0 is allowed
  std::uint64_t seed;    // byte k of the memory object becomes pattern(seed, k)
};

struct RangeRequest {
  std::uint64_t offset;
  std::uint64_t length;
};

// Bytes that are not zero when the call comes in, though nobody has written them for it.
struct Residue {
  std::uint64_t inbound_size;  // bytes that QTEE was told of
  std::uint64_t inbound;       // bytes that are not 0 between payloads, behind the last one, and beside objects' ids
  std::uint64_t outputs;       // and in output buffers
  std::uint64_t outbound_size;
  std::uint64_t outbound;  // in all of it
};

struct CallbackRequest {
  std::uint32_t op;      // operation to call on OI[0], 0 to 0xFFFF
  std::uint32_t repeat;  // how often, one after another, 0 counts as 1; the first non-zero result ends it
};

// The callback that `nest` makes on OI[0] while depth > 0: operation kNestOp, (1,1,1,0), BI u32 depth - 1, BO u32,
// OI the service itself. The server is expected to invoke Op::nest on it and to give back what that reached.
inline constexpr std::uint32_t kNestOp = 1;

// What is alive when the report is made. Static objects (root, the primordial object) are in no count.
struct Report {
  std::uint64_t version;             // 1
  std::uint64_t tee_objects;         // objects hosted in QTEE
  std::uint64_t tee_references;      // references that Linux holds on them: ids handed over and not yet released
  std::uint64_t ns_ids;              // ids of callback objects that QTEE holds
  std::uint64_t ns_releases_queued;  // ids that QTEE has let go and has not yet told Linux about
  std::uint64_t mappings;            // memory objects mapped
  std::uint64_t bridges;             // SHM bridges
  std::uint64_t calls_in_flight;     // invocations begun and not answered; the one that asks is not counted
  std::uint64_t faults;              // protocol errors of Linux since boot: double or unknown release, unbridged
                                     // buffer, answer to no call, malformed message
  std::uint64_t heap_used;           // bytes of the secure heap in use
};

// Since boot.
struct Counters {
  std::uint64_t smc_total;   // SCM and SMCINVOKE calls, PSCI left out
  std::uint64_t smc_invoke;  // direct invocations, RELEASE included
  std::uint64_t smc_callback_response;
  std::uint64_t smc_reentry;  // after INTERRUPTED
  std::uint64_t smc_resume;   // after WAITQ_SLEEP
  std::uint64_t answers_busy;
  std::uint64_t callbacks;       // callback requests sent to Linux
  std::uint64_t map_regions;     // of those, MAP_REGION
  std::uint64_t releases;        // RELEASE operations taken from Linux
  std::uint64_t async_releases;  // ids released to Linux by asynchronous message
  std::uint64_t bridge_creates;
  std::uint64_t bridge_deletes;
  std::uint64_t concurrent_max;  // the most CPUs ever inside QTEE at once
  std::uint64_t maps_ahead;      // mappings made of information that came with the invocation, without MAP_REGION
};

enum class ArmKind : std::uint32_t {
  busy = 1,         // INVOKE answers EBUSY (-12) before anything is looked at
  interrupted = 2,  // INVOKE and CB_RSP answer INTERRUPTED (1) and go on when re-entered
  sleep = 3,        // INVOKE and CB_RSP answer WAITQ_SLEEP (2), then raise the interrupt and go on when resumed
  bridge_busy = 4,  // BRIDGE_DELETE answers EBUSY
  bridge_fail = 5,  // BRIDGE_CREATE answers an error in x1
};

struct ArmRequest {
  std::uint32_t kind;   // ArmKind
  std::uint32_t count;  // how many such answers; replaces what was armed of this kind, 0 disarms
  std::uint64_t skip;   // let so many pass first
};

enum class LieKind : std::uint32_t {
  none = 0,
  // in the final answer, in the inbound buffer
  ob_size_grown = 1,    // BO[0]'s size made one larger than offered
  ob_size_huge = 2,     // BO[0]'s size made value
  ob_offset_moved = 3,  // BO[0]'s offset made value
  counts_changed = 4,   // the header's counts word made value
  oo_unknown = 5,       // OO[0] is a callback object id that Linux never gave
  oo_released = 6,      // OO[0] is OI[0]'s id, released in the same answer
  oo_twice = 7,         // all OO are one TEE id that is counted once
  oo_reserved = 8,      // OO[0] is value
  response_type = 9,    // x1 is value
  // asynchronous messages behind the final answer
  async_version = 20,     // version made value
  async_op = 21,          // op made value
  async_count = 22,       // counts made value
  async_unknown_id = 23,  // releases an id that Linux never gave
  async_twice = 24,       // releases OI[0]'s id twice
  async_primordial = 25,  // releases 0x80000000
  async_tee_id = 26,      // releases value, an id without bit 31
  async_unpacked = 27,    // leaves value bytes between two messages
  async_full = 28,        // fills the buffer to its last byte
  async_truncated = 29,   // a header whose ids would pass the end of the buffer
  // a callback request on OI[0], before the final answer
  cb_unknown_id = 40,   // to an id that Linux never gave
  cb_released_id = 41,  // to OI[0]'s id after its release
  cb_null = 42,         // to id 0
  cb_tee_id = 43,       // to value, an id without bit 31
  cb_ib_offset = 44,    // IB[0]'s offset made value
  cb_ib_size = 45,      // IB[0]'s size made value
  cb_ob_offset = 46,
  cb_ob_size = 47,
  cb_counts = 48,          // counts word made value
  cb_op_bits = 49,         // op word's transport bits made value
  cb_io_unknown = 50,      // an input object that Linux never gave
  cb_unpacked = 51,        // payloads value bytes apart
  cb_overlap = 52,         // two buffers over one payload
  cb_primordial_op = 53,   // to the primordial object with operation value
  cb_map_not_memory = 54,  // MAP_REGION on OI[0], which need not be a memory object
  cb_async_behind = 55,    // a malformed asynchronous message behind the request
};

struct LieRequest {
  std::uint32_t kind;  // LieKind
  std::uint32_t op;    // operation for those that call back
  std::uint64_t value;
};

enum class ConfigureKey : std::uint32_t {
  release_by_callback = 0,  // 1: releases of callback objects go as callback requests, op RELEASE; 0: async messages
  async_version = 1,        // version word of asynchronous messages, 0x00010000 to 0x00010002; whatever it is, mapping
                            // information that Linux sends ahead is taken
  contexts = 2,             // how many calls may be in QTEE at once, the others answer EBUSY; 0: no bound
};

struct ConfigureRequest {
  std::uint32_t key;  // ConfigureKey
  std::uint32_t reserved;
  std::uint64_t value;
};

// The pattern that fill writes and tests expect.
constexpr std::uint8_t pattern(std::uint64_t seed, std::uint64_t k) {
  return static_cast<std::uint8_t>(seed + k * 131 + (k >> 8));
}

// Order-sensitive sum over 8-byte little-endian words; a tail shorter than 8 bytes counts as padded with zeros.
inline std::uint64_t checksum(const void* data, std::uint64_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint64_t sum = 0x9E3779B97F4A7C15u ^ size;
  for (std::uint64_t at = 0; at < size; at += 8) {
    const std::uint64_t left = size - at < 8 ? size - at : 8;
    std::uint64_t word = 0;
    __builtin_memcpy(&word, bytes + at, left);
    sum = ((sum << 5) | (sum >> 59)) ^ word;
    sum *= 0x2545F4914F6CDD1Du;
  }
  return sum;
}

}  // namespace qtee::vsoc
