// SPDX-License-Identifier: BSD-3-Clause
#include "mount.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "error.hpp"
#include "vsoc/job.hpp"

namespace qtee::vsoc {
namespace {

// Set on what a run can do without: not every kernel has each of these file systems.
enum class Need { must, may };

struct Mount {
  const char* type;
  const char* source;
  const char* target;
  unsigned long flags;
  const char* options;
  Need need;
};

constexpr Mount kEarly[] = {
    {"devtmpfs", "dev", "/dev", 0, "", Need::must},
    {"proc", "proc", "/proc", 0, "", Need::must},
    {"sysfs", "sys", "/sys", 0, "", Need::must},
};

// Read-only shares do not change while a machine runs, so the guest may cache them for good.
#define QTEE_9P "trans=virtio,version=9p2000.L,msize=512000,"
constexpr char kReadOnly[] = QTEE_9P "cache=loose";
constexpr char kWritable[] = QTEE_9P "cache=mmap";

constexpr char kNewRoot[] = "/root";

constexpr Mount kShares[] = {
    {"9p", kShareRoot, "/root", MS_RDONLY, kReadOnly, Need::must},
    {"9p", kShareModules, "/root/usr/lib/modules", MS_RDONLY, kReadOnly, Need::must},
    {"9p", kShareBuild, "/root/qtee", MS_RDONLY, kReadOnly, Need::must},
};

constexpr Mount kLate[] = {
    {"devtmpfs", "dev", "/dev", 0, "", Need::must},
    {"proc", "proc", "/proc", 0, "", Need::must},
    {"sysfs", "sys", "/sys", 0, "", Need::must},
    {"tmpfs", "tmp", "/tmp", 0, "mode=1777", Need::must},
    {"tmpfs", "tmp", "/var/tmp", 0, "mode=1777", Need::must},
    {"tmpfs", "run", "/run", 0, "mode=755", Need::must},
    {"tmpfs", "home", "/root", 0, "mode=700", Need::must},
    {"tmpfs", "shm", "/dev/shm", 0, "mode=1777", Need::must},
    {"devpts", "pts", "/dev/pts", 0, "mode=620,ptmxmode=666", Need::must},
    {"debugfs", "debug", "/sys/kernel/debug", 0, "", Need::may},
    {"tracefs", "trace", "/sys/kernel/tracing", 0, "", Need::may},
    {"bpf", "bpf", "/sys/fs/bpf", 0, "", Need::may},
    {"cgroup2", "cgroup", "/sys/fs/cgroup", 0, "", Need::may},
    {"hugetlbfs", "huge", "/dev/hugepages", 0, "", Need::may},
};

void mount_one(const Mount& entry) {
  mkdir(entry.target, 0755);  // where it is not there already
  if (mount(entry.source, entry.target, entry.type, entry.flags, entry.options) != 0 && entry.need == Need::must)
    broken_errno(std::string("cannot mount ") + entry.type + " on " + entry.target);
}

}  // namespace

void mount_early() {
  for (const Mount& entry : kEarly) mount_one(entry);
  // Where this fails there is nobody to tell.
  const int console = open("/dev/console", O_RDWR);
  if (console >= 0) {
    for (int fd = 0; fd < 3; ++fd) dup2(console, fd);
    if (console > 2) close(console);
  }
}

void mount_root(bool share) {
  for (const Mount& entry : kShares) mount_one(entry);
  if (share) mount_one({"9p", kShareUser, "/root/share", 0, kWritable, Need::must});
  if (chdir(kNewRoot) != 0 || mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 || chroot(".") != 0 || chdir("/") != 0)
    broken_errno("cannot move to the guest root");
  for (const Mount& entry : kLate) mount_one(entry);
  symlink("/proc/self/fd", "/dev/fd");
  symlink("/proc/self/fd/0", "/dev/stdin");
  symlink("/proc/self/fd/1", "/dev/stdout");
  symlink("/proc/self/fd/2", "/dev/stderr");
}

}  // namespace qtee::vsoc
