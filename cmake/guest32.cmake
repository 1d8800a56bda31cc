# SPDX-License-Identifier: BSD-3-Clause
#
# Programs for the guest's Linux that are 32-bit callers of the driver: ARMv7 with hard float, static.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR armv7l)
set(CMAKE_C_COMPILER arm-linux-gnueabihf-gcc-14)
set(CMAKE_CXX_COMPILER arm-linux-gnueabihf-g++-14)
set(CMAKE_LIBRARY_ARCHITECTURE arm-linux-gnueabihf)
# GCC tells of a change of the ABI in GCC 7, which is of no interest where everything is compiled by one.
set(CMAKE_CXX_FLAGS_INIT -Wno-psabi)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
