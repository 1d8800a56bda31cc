# SPDX-License-Identifier: BSD-3-Clause

# qtee_guest_test(NAME name COMMAND program [arg...]
#                 [KERNELS kernel...] [ALSO kernel...] [DRIVER qtee|mainline|none] [TIMEOUT seconds] [RUN_ARGS arg...]
#                 [LABELS label...] [LIGHT] [WIDE])
#
# Registers one test per kernel, named NAME.KERNEL, that boots the virtual SoC, runs COMMAND in it and passes if the
# command does, the kernel did not complain and nothing is left alive in QTEE. Host tree only; in the others it does
# nothing, so that a folder may call it wherever the program is built. Defaults: debian, lts, qcom and debug (mainline: not
# lts, which has no such driver), DRIVER qtee, 120 seconds, five times as long on debug.
#
# WIDE is a test that depends on the size of pages or on what is preempted: it also runs on 16k and rt.
#
# LIGHT is a test whose work is little more than the boot, which has one CPU busy: two of them run at a time.
#
# Tests on others than debian have the label `more`: make test leaves them out, make test-kernels makes those kernels
# and runs just them. ALSO names those on which make test runs this one too.
function(qtee_guest_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "LIGHT;WIDE" "NAME;DRIVER;TIMEOUT" "COMMAND;KERNELS;ALSO;RUN_ARGS;LABELS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "qtee_guest_test: unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_NAME OR NOT arg_COMMAND)
    message(FATAL_ERROR "qtee_guest_test needs NAME and COMMAND")
  endif()
  if(NOT QTEE_TARGET STREQUAL host)
    return()
  endif()
  if(NOT arg_DRIVER)
    set(arg_DRIVER qtee)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(NOT arg_KERNELS)
    set(arg_KERNELS debian lts qcom debug)
    if(arg_DRIVER STREQUAL mainline)
      list(REMOVE_ITEM arg_KERNELS lts)
    endif()
  endif()
  if(arg_WIDE)
    list(APPEND arg_KERNELS 16k rt)
  endif()
  set(processors 2)
  if(arg_LIGHT)
    set(processors 1)
  endif()
  foreach(kernel IN LISTS arg_KERNELS)
    set(test ${arg_NAME}.${kernel})
    set(labels guest ${kernel} ${arg_LABELS})
    set(timeout ${arg_TIMEOUT})
    set(off 30)  # seconds that it may take to go off
    if(NOT kernel STREQUAL debian AND NOT kernel IN_LIST arg_ALSO)
      list(APPEND labels more)
    endif()
    if(kernel STREQUAL debug)
      math(EXPR timeout "${arg_TIMEOUT} * 5")
      set(off 180)
    endif()
    math(EXPR outer "${timeout} + ${off}")
    add_test(NAME ${test}
      COMMAND ${CMAKE_SOURCE_DIR}/vsoc/run --kernel ${kernel} --driver ${arg_DRIVER} --timeout ${timeout}
        ${arg_RUN_ARGS} -- ${arg_COMMAND})
    # vsoc/run ends itself; ctest's own limit is there for the case that it doesn't. 
    set_tests_properties(${test} PROPERTIES TIMEOUT ${outer} PROCESSORS ${processors} LABELS "${labels}")
    # The slowest kernel's tests come first, so that the others fill the time beside them.
    if(kernel STREQUAL debug)
      set_tests_properties(${test} PROPERTIES COST 100)
    endif()
  endforeach()
endfunction()
