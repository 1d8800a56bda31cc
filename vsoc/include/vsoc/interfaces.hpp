// SPDX-License-Identifier: BSD-3-Clause
//
// The public interfaces that the virtual SoC's QTEE offers and calls: operation numbers, errors and the structs that
// travel in buffers. For the firmware and for everything that tests it. docs/firmware-services.md has the table with
// each operation's shape and behaviour; the shape (BI,BO,OI,OO) stands behind each operation here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace qtee::vsoc {

// Service UIDs for client_env::kOpen.
inline constexpr std::uint32_t kUidAppLoader = 3;
inline constexpr std::uint32_t kUidDiagnostics = 143;
inline constexpr std::uint32_t kUidFeatureVersions = 2033;

// UIDs that an app object's opener::kOpen knows.
inline constexpr std::uint32_t kAppUidTestCBack = 2;
inline constexpr std::uint32_t kAppUidTestMemManager = 5;

// What the TA writes and expects in the first eight bytes of a memory object.
inline constexpr std::uint64_t kTestPattern1 = 0xFEEDC0DEFACE0001;  // the client's, before
inline constexpr std::uint64_t kTestPattern2 = 0xFEEDC0DEFACE0002;  // the TA's, after

// Results that belong to no interface.
inline constexpr std::int32_t kOk = 0;
inline constexpr std::int32_t kError = 1;
inline constexpr std::int32_t kInvalid = 2;
inline constexpr std::int32_t kSizeIn = 3;
inline constexpr std::int32_t kSizeOut = 4;
inline constexpr std::int32_t kDefunct = -90;
inline constexpr std::int32_t kBadObj = -92;
inline constexpr std::int32_t kUnavail = -96;
inline constexpr std::int32_t kKmem = -97;
inline constexpr std::int32_t kBusy = -99;

// The root object (1) and the environments that registration gives out. An environment answers only kOpen.
namespace client_env {
enum Op : std::uint32_t {
  kOpen = 0,                     // (1,0,0,1) BI u32 uid
  kRegisterLegacy = 1,           // (1,0,0,1) BI CBOR credentials
  kRegisterAsClient = 2,         // (0,0,1,1) OI credentials, an object with the io interface
  kRegisterWithWhitelist = 3,    // (1,0,1,1) BI u32[] of the UIDs that may be opened
  kNotifyDomainChange = 4,       // (0,0,0,0)
  kRegisterWithCredentials = 5,  // (0,0,1,1) OI credentials::kGetValueByName, NULL for the kernel
  kLoadCmnlibFromBuffer = 6,     // (1,0,0,0) BI ELF image
  kConfigTaRegion = 7,           // (1,0,0,0) BI TaRegion
  kAdciAccept = 8,               // (0,0,0,0)
  kAdciShutdown = 9,             // (0,0,0,0)
};
inline constexpr std::int32_t kErrorCommonlibsAlreadyLoaded = 10;
inline constexpr std::int32_t kErrorAppRegionAlreadySet = 11;

struct [[gnu::packed]] TaRegion {
  std::uint64_t address;
  std::uint32_t size;
};
}  // namespace client_env

// Errors of every open: the environment's and an app object's.
namespace opener {
inline constexpr std::uint32_t kOpen = 0;  // (1,0,0,1) BI u32 uid
inline constexpr std::int32_t kErrorNotFound = 10;
inline constexpr std::int32_t kErrorPrivilege = 11;
inline constexpr std::int32_t kErrorNotSupported = 12;
}  // namespace opener

// Credentials of registerAsClient: a stream of bytes that the client serves.
namespace io {
inline constexpr std::uint32_t kGetLength = 0;      // (0,1,0,0) BO u64
inline constexpr std::uint32_t kReadAtOffset = 1;   // (1,1,0,0) BI u64 offset
inline constexpr std::uint32_t kWriteAtOffset = 2;  // (2,0,0,0) never called
inline constexpr std::int32_t kErrorOffsetOutOfBounds = 10;
inline constexpr std::uint64_t kMaxCredentials = 2048;  // longer ones are refused
}  // namespace io

// Credentials of registerWithCredentials: named values that the client serves.
namespace credentials {
inline constexpr std::uint32_t kGetPropertyByIndex = 0;  // (1,2,0,0) never called
inline constexpr std::uint32_t kGetValueByName = 1;      // (1,1,0,0) BI name, BO value
inline constexpr std::int32_t kErrorNotFound = 10;
}  // namespace credentials

namespace feature_versions {
inline constexpr std::uint32_t kGet = 0;  // (1,1,0,0) BI u32 feature, BO u32
inline constexpr std::uint32_t kFeatureQtee = 10;
inline constexpr std::int32_t kErrorNotFound = 10;
inline constexpr std::uint32_t kQteeVersion = 5u << 22 | 2u << 12 | 7u;  // 5.2.7
}  // namespace feature_versions

namespace diagnostics {
enum Op : std::uint32_t {
  kQueryHeapInfo = 0,    // (0,1,0,0) BO HeapInfo
  kQueryLoadedApps = 1,  // (0,1,0,0) BO names, each with its terminating NUL
  kQueryAppRegion = 2,   // (0,3,0,0) BO RegionInfo, HeapInfo of the region, names of the apps in it
  kQueryAppInfo = 3,     // (1,1,0,0) BI name, BO AppInfo
  kQueryAppDump = 4,     // (1,3,0,0) BI name; answers kErrorNotSupported for a loaded app
};
inline constexpr std::int32_t kErrorAppNotFound = 10;
inline constexpr std::int32_t kErrorBufferTooSmall = 11;
inline constexpr std::int32_t kErrorNotSupported = 12;

struct HeapInfo {  // bytes
  std::uint32_t total;
  std::uint32_t used;
  std::uint32_t free;
  std::uint32_t overhead;
  std::uint32_t wasted;
  std::uint32_t largest_free;
};
static_assert(sizeof(HeapInfo) == 24);

struct RegionInfo {
  std::uint64_t address;  // 0 until configTaRegion names one
  std::uint64_t size;
};

inline constexpr std::size_t kAppNameMax = 64;  // with the terminating NUL

struct AppInfo {
  char name[kAppNameMax];
  std::uint64_t image_hash;  // FNV-1a, 64 bits, of the whole image
  std::uint32_t image_size;
  std::uint32_t memory_size;  // of its loadable segments, in whole pages
  std::uint32_t elf_class;    // 32 or 64
  std::uint32_t instances;    // loaded images of this name
  std::uint32_t objects;      // objects of the first instance alive: controllers, app objects, what they opened
  std::uint32_t calls;        // invocations of the first instance under way
};
static_assert(sizeof(AppInfo) == 96);
}  // namespace diagnostics

namespace app_loader {
enum Op : std::uint32_t {
  kLoadFromBuffer = 0,  // (1,0,0,1) BI ELF image
  kLoadFromRegion = 1,  // (0,0,1,1) OI memory object with the image from its first byte
  kLoadEmbedded = 2,    // (1,0,0,1) BI name
  kConnect = 3,         // (1,0,0,1) BI name of a loaded app
};
inline constexpr std::int32_t kErrorInvalidBuffer = 10;    // empty, or no ELF at all
inline constexpr std::int32_t kErrorMetadataInvalid = 13;  // a TA note that breaks its own rules
inline constexpr std::int32_t kErrorMaxNumApps = 14;
inline constexpr std::int32_t kErrorNoNameInMetadata = 15;
inline constexpr std::int32_t kErrorAlreadyLoaded = 16;  // only for images with kTaSingleInstance
inline constexpr std::int32_t kErrorEmbeddedImageNotFound = 17;
inline constexpr std::int32_t kErrorTzHeapMallocFailure = 18;
inline constexpr std::int32_t kErrorTaAppRegionMallocFailure = 19;
inline constexpr std::int32_t kErrorAppNotLoaded = 22;
inline constexpr std::int32_t kErrorElfLoading = 27;  // an ELF that no rule of the loader lets in
inline constexpr std::size_t kMaxApps = 64;
inline constexpr char kEmbeddedSkeleton[] = "skeleton";  // the one embedded app; an adder as any other
}  // namespace app_loader

namespace app_controller {
enum Op : std::uint32_t {
  kOpenSession = 0,   // (5,5,4,1), and (5,5,1,1) of older clients
  kUnload = 1,        // (0,0,0,0)
  kGetAppObject = 2,  // (0,0,0,1)
  kInstallCbo = 3,    // (1,0,1,0) BI u32 uid; NULL takes the object out
  kDisconnect = 4,    // (0,0,0,0)
  kRestart = 5,       // (0,0,0,0)
};
inline constexpr std::int32_t kErrorAppSuspended = 10;
inline constexpr std::int32_t kErrorAppUnloaded = 12;
inline constexpr std::int32_t kErrorAppInUse = 13;
inline constexpr std::int32_t kErrorNotSupported = 14;
inline constexpr std::int32_t kErrorCboUnknown = 15;
inline constexpr std::int32_t kErrorAppDisconnected = 17;
inline constexpr std::int32_t kErrorStillRunning = 19;
inline constexpr std::uint32_t kCboInterfaceWait = 1;
}  // namespace app_controller

// What every app object answers beside opener::kOpen; the two share operation 0 and differ by shape.
namespace adder {
inline constexpr std::uint32_t kAdd = 0;  // (1,1,0,0) BI u32[2], BO u32: the sum modulo 2^32
}  // namespace adder

// The client's object that TestCBack calls.
namespace test_callable {
enum Op : std::uint32_t {
  kCall = 0,                    // (0,0,0,0)
  kCallWithBuffer = 1,          // (1,0,0,0)
  kCallWithBufferOut = 2,       // (0,1,0,0)
  kCallWithObject = 3,          // (0,0,1,0)
  kCallGetObject = 4,           // (0,0,0,1)
  kCallGetThreeObjects = 5,     // (0,0,0,3)
  kCallAddInt = 6,              // (1,1,0,0) BI u32[2], BO u32
  kReturnError = 7,             // (0,0,0,0)
  kCallCopyBuffer = 8,          // (1,1,0,0)
  kCallFuncWithBuffer = 9,      // (1,0,0,0)
  kCallWithDelay = 10,          // (0,1,0,0)
  kCallGetMemObject = 11,       // (0,0,0,1)
  kCallGetMemObjectIn = 12,     // (1,0,0,1)
  kCallGetMemObjectOut = 13,    // (0,1,0,1)
  kCallGetMemObjectInOut = 14,  // (1,1,0,1)
  kCallGetTwoMemObjects = 15,   // (0,0,0,2)
};
inline constexpr std::int32_t kErrorObjectRemote = 10;
inline constexpr std::int32_t kError = 11;
}  // namespace test_callable

namespace test_cback {
enum Op : std::uint32_t {
  kSet = 0,                     // (0,0,1,0) OI callee to keep, NULL to let go
  kCallSet = 1,                 // (0,0,0,0) on the kept callee
  kCall = 2,                    // (0,0,1,0)
  kCallWithBuffer = 3,          // (1,0,1,0)
  kCallWithBufferOut = 4,       // (0,0,1,0)
  kCallWithObject = 5,          // (0,0,2,0) OI argument, callee
  kCallGetObject = 6,           // (0,0,1,0)
  kCallGetThreeObjects = 7,     // (0,0,1,0)
  kCallAddInt = 8,              // (1,1,1,0) BI u32[2], BO u32
  kCallReturnError = 9,         // (0,0,1,0)
  kCallCopyBuffer = 10,         // (1,1,0,0) on the kept callee
  kCallFuncWithBuffer = 11,     // (1,0,1,0)
  kCallWithDelay = 12,          // (0,1,1,0)
  kCallGetMemObject = 13,       // (0,0,1,0)
  kCallGetMemObjectIn = 14,     // (1,0,1,0)
  kCallGetMemObjectOut = 15,    // (0,0,1,0)
  kCallGetMemObjectInOut = 16,  // (1,0,1,0)
  kCallGetTwoMemObjects = 17,   // (0,0,1,0)
};
inline constexpr std::int32_t kErrorNullObj = 10;    // no callee
inline constexpr std::int32_t kErrorBadOutput = 11;  // the callee answered OK with an output that cannot be right
inline constexpr std::size_t kBufferOut = 64;        // bytes offered where the TA's own operation has no buffer
}  // namespace test_cback

namespace test_mem_manager {
enum Op : std::uint32_t {
  kAccess = 0,               // (0,0,1,0) kTestPattern1 must be there; writes kTestPattern2
  kFailRead = 1,             // (0,0,1,0) OK where the object may not be read
  kFailWrite = 2,            // (0,0,1,0) OK where the object may not be written
  kFailRelease = 3,          // (0,0,1,0) OK where unmapping twice is refused
  kFail64Bit = 4,            // (0,0,1,0) OK where the object does not lie below 4 GiB as a whole
  kFailOverlap = 5,          // (0,0,2,0) OK where the two share memory
  kAccessTwoMemObjects = 6,  // (0,0,2,0) as kAccess, with both mapped at once
  kReleaseImmediately = 7,   // (0,0,1,0) never maps it
  kSkipUnmapMo = 8,          // (0,0,1,0) as kAccess, and stays mapped until the test object goes
};
}  // namespace test_mem_manager

// The TA note: an ELF note in a PT_NOTE segment, by which an image says what it is. An image without one is loaded
// all the same, under a name made of its hash.
inline constexpr char kTaNoteOwner[] = "QTEE-TA";
inline constexpr std::uint32_t kTaNoteType = 1;
inline constexpr std::uint32_t kTaNoteVersion = 1;
inline constexpr std::uint32_t kTaSingleInstance = 1;  // a second load answers kErrorAlreadyLoaded

struct TaNote {
  std::uint32_t version;  // kTaNoteVersion
  std::uint32_t flags;    // kTaSingleInstance
  // Followed by the name: 1 to 63 characters of [A-Za-z0-9._-] and a NUL, the end of the note.
};

}  // namespace qtee::vsoc
