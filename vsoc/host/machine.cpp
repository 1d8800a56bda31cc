// SPDX-License-Identifier: BSD-3-Clause
#include "machine.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <system_error>

#include "cpio.hpp"
#include "device_tree.hpp"
#include "vsoc/job.hpp"
#include "vsoc/memory_map.hpp"

namespace qtee::vsoc {
namespace {

using Words = std::vector<std::string>;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

void add(Words& words, std::initializer_list<std::string> more) { words.insert(words.end(), more); }

// What runs a program of the toolchain root. Inside of it, as tests are, nothing is needed.
Words sandbox(const Options& options, const Pieces& pieces) {
  if (std::getenv("QTEE_IN_TOOLCHAIN") != nullptr) return {};
  Words words{"bwrap", "--die-with-parent", "--unshare-ipc", "--unshare-pid"};
  // A port that is forwarded is this machine's.
  if (options.forwards.empty()) words.push_back("--unshare-net");
  // To the guest its files are root's, whoever runs this.
  if (geteuid() != 0) add(words, {"--unshare-user", "--uid", "0", "--gid", "0"});
  const std::string toolchain = pieces.toolchain, scratch = pieces.scratch(), tree = pieces.tree, cache = pieces.cache;
  add(words, {"--ro-bind",
              toolchain + "/usr",
              "/usr",
              "--ro-bind",
              toolchain + "/etc",
              "/etc",
              "--symlink",
              "usr/lib",
              "/lib",
              "--symlink",
              "usr/lib64",
              "/lib64",
              "--symlink",
              "usr/bin",
              "/bin",
              "--dev",
              "/dev",
              "--proc",
              "/proc",
              "--tmpfs",
              "/tmp",
              "--ro-bind",
              cache,
              cache,
              "--ro-bind",
              tree,
              tree,
              "--bind",
              scratch,
              scratch});
  if (!options.share.empty()) add(words, {"--bind", options.share, options.share});
  words.push_back("--");
  return words;
}

// The board: what decides its device tree.
Words board(const Options& options, const Pieces& pieces, const std::string& machine_more = "") {
  return {"qemu-system-aarch64",
          "-machine",
          "virt,secure=on,gic-version=3" + machine_more,
          "-cpu",
          options.cpu,
          "-smp",
          std::to_string(options.smp),
          "-m",
          std::to_string(options.memory_mib),
          "-bios",
          pieces.firmware(),
          "-nodefaults",
          "-display",
          "none",
          "-no-reboot"};
}

std::vector<char*> argv_of(Words& words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return argv;
}

// Starts a program that dies with this process. `prepare` runs in the child.
pid_t spawn(Words words, const std::function<void()>& prepare) {
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) fail("fork");
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  // A group of its own: Ctrl-C is for vsoc-run, which then ends the machine.
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  prepare();
  const std::vector<char*> argv = argv_of(words);
  execvp(argv[0], argv.data());
  dprintf(2, "cannot run %s: %s\n", argv[0], std::strerror(errno));
  _exit(127);
}

// QEMU's own tree for this board. The same board gives the same tree, so it is kept.
std::string board_tree(const Options& options, const Pieces& pieces) {
  std::string name = fmt::format("board-{}-{}-{}-{}.dtb", pieces.toolchain.filename().string(), options.cpu,
                                 options.smp, options.memory_mib);
  std::ranges::replace(name, ',', '_');  // QEMU's options end at a comma
  const std::filesystem::path kept = pieces.scratch() / name;
  if (std::filesystem::exists(kept)) return file_read(kept);
  const std::string made = fmt::format("{}.{}.made", kept.string(), getpid());
  Words words = sandbox(options, pieces);
  for (std::string& word : board(options, pieces, ",dumpdtb=" + made)) words.push_back(std::move(word));
  add(words, {"-serial", "null", "-serial", "null"});
  const pid_t child = spawn(words, [] { dup2(2, 1); });
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (status != 0) throw std::runtime_error("QEMU does not make a device tree for this board");
  std::string tree = file_read(made);
  file_replace(kept, tree);
  std::filesystem::remove(made);
  return tree;
}

std::string job_text(const Options& options) {
  std::string text;
  const auto put = [&](const char* key, const std::string& value) {
    text.append(key).push_back('\0');
    text.append(value).push_back('\0');
  };
  put(kJobKernel, options.kernel);
  put(kJobDriver, options.driver);
  for (const std::string& parameter : options.parameters) put(kJobParameter, parameter);
  if (!options.share.empty()) put(kJobShare, "");
  if (options.leak_check) put(kJobLeakCheck, "");
  if (!options.forwards.empty()) put(kJobNetwork, "");
  const char* term = std::getenv("TERM");
  for (const std::string& entry :
       {std::string("PATH=/qtee/bin:/usr/sbin:/usr/bin:/sbin:/bin"), std::string("HOME=/root"),
        std::string("USER=root"), std::string("SHELL=/bin/bash"), std::string("LC_ALL=C.UTF-8"),
        fmt::format("TERM={}", options.terminal && term != nullptr ? term : "dumb"),
        fmt::format("QTEE_KERNEL={}", options.kernel), fmt::format("QTEE_DRIVER={}", options.driver),
        fmt::format("QTEE_CPU={}{}", options.cpu, options.icount ? ",icount" : "")})
    put(kJobEnvironment, entry);
  for (const std::string& entry : options.environment) put(kJobEnvironment, entry);
  if (options.terminal) put(kJobTerminal, "24 80");  // vsoc-run sends the real size when the command starts
  for (const std::string& word : options.command) put(kJobArgument, word);
  return text;
}

std::string initramfs_make(const Options& options, const Pieces& pieces) {
  Cpio archive;
  for (const char* folder : {"dev", "proc", "sys", "root", kModuleFolder}) archive.add_folder(folder);
  archive.add_device("dev/console", 5, 1);
  archive.add_file("init", file_read(pieces.init()), 0755);
  archive.add_file(kJobFile, job_text(options));
  std::string version = file_read(pieces.kernel / "version");
  version.resize(version.find('\n'));
  std::ifstream list(pieces.kernel / "initrd");
  unsigned index = 0;
  for (std::string module; std::getline(list, module);)
    archive.add_file(
        fmt::format("{}/{:02}-{}", kModuleFolder, index++, std::filesystem::path(module).filename().string()),
        file_read(pieces.kernel / "usr/lib/modules" / version / module));
  return std::move(archive).finish();
}

// One end stays, the other is for QEMU.
std::pair<Fd, Fd> stream_make() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {Fd(ends[0]), Fd(ends[1])};
}

}  // namespace

Machine::Machine(const Options& options, const Pieces& pieces) {
  std::filesystem::create_directories(pieces.scratch());
  const std::string initramfs = initramfs_make(options, pieces);
  // The self-tests of the kernel's cryptography are two thirds of the instructions of a boot.
  std::string arguments =
      "console=ttyAMA0 loglevel=7 panic=-1 oops=panic hugepagesz=2M hugepages=16 printk.devkmsg=on "
      "cryptomgr.notests=1";
  // Only what our driver does with DMA mappings: udmabuf, to name one, syncs with another direction than it mapped
  // with.
  if (options.kernel == "debug") arguments += " dma_debug_driver=qtee";
  if (!options.append.empty()) arguments += " " + options.append;
  const std::string tree = device_tree_make(board_tree(options, pieces), file_read(pieces.overlay()),
                                            {arguments, initramfs.size(), options.node});
  const Fd initramfs_file = file_unnamed("initramfs", initramfs);
  const Fd tree_file = file_unnamed("device tree", tree);

  Words words = sandbox(options, pieces);
  for (std::string& word : board(options, pieces)) words.push_back(std::move(word));
  add(words, {"-accel", options.icount ? "tcg,thread=single" : "tcg,thread=multi"});
  if (options.icount) add(words, {"-icount", "shift=1,sleep=off"});
  add(words, {"-semihosting-config", "enable=on,target=native"});
  const auto load = [&](const std::string& path, std::uint64_t at) {
    add(words, {"-device", fmt::format("loader,file={},addr={:#x},force-raw=on", path, at)});
  };
  load(pieces.kernel / "vmlinuz", kImageBase);
  load(fd_path(initramfs_file), kInitrdBase);
  load(fd_path(tree_file), kDtbBase);

  const auto share = [&](const char* tag, const std::string& path, bool writable) {
    add(words, {"-fsdev",
                fmt::format("local,id={},path={},security_model=none,multidevs=remap{}", tag, path,
                            writable ? "" : ",readonly=on"),
                "-device", fmt::format("virtio-9p-pci,fsdev={0},mount_tag={0}", tag)});
  };
  share(kShareRoot, pieces.guest, false);
  share(kShareModules, pieces.kernel / "usr/lib/modules", false);
  share(kShareBuild, pieces.guest_build(), false);
  if (!options.share.empty()) share(kShareUser, options.share, true);

  if (!options.forwards.empty()) {
    std::string network = "user,id=network,ipv6=off,restrict=on";
    for (const auto& [host, guest] : options.forwards)
      network += fmt::format(",hostfwd=tcp:127.0.0.1:{}-{}:{}", host, kGuestAddress, guest);
    // Without code for a firmware to boot by network.
    add(words, {"-netdev", network, "-device", "virtio-net-pci,netdev=network,romfile="});
  }

  std::vector<Fd> near;
  const auto stream = [&](const char* name) {
    auto [ours, theirs] = stream_make();
    add(words, {"-chardev", fmt::format("socket,id={},fd={}", name, theirs.get())});
    near.push_back(std::move(theirs));
    return std::move(ours);
  };
  streams_.console = stream("console");
  streams_.secure = stream("secure");
  add(words, {"-serial", "chardev:console", "-serial", "chardev:secure"});
  add(words, {"-device", "virtio-serial-pci"});
  const auto port = [&](const char* name) {
    Fd ours = stream(name);
    add(words, {"-device", fmt::format("virtserialport,chardev={0},name={0}", name)});
    return ours;
  };
  streams_.control = port(kPortControl);
  streams_.in = port(kPortIn);
  streams_.out = port(kPortOut);
  streams_.err = port(kPortErr);
  words.insert(words.end(), options.qemu.begin(), options.qemu.end());
  auto [qemu, qemu_near] = stream_make();
  streams_.qemu = std::move(qemu);

  pid_ = spawn(words, [&, words_fd = qemu_near.get()] {
    for (const Fd& fd : near) fcntl(fd.get(), F_SETFD, 0);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, 0);
    dup2(words_fd, 1);
    dup2(words_fd, 2);
  });
  pidfd_ = Fd(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_) fail("pidfd_open");
}

Machine::~Machine() {
  if (status_ < 0) {
    kill();
    wait();
  }
}

int Machine::wait() {
  if (status_ >= 0) return status_;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return status_;
}

void Machine::kill() {
  if (status_ < 0) ::kill(pid_, SIGKILL);
}

}  // namespace qtee::vsoc
