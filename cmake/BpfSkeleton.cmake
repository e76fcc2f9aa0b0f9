# SPDX-License-Identifier: BSD-2-Clause
# add_bpf_skeleton(TARGET source.bpf.c): compiles BPF C and makes TARGET, an interface library that carries the
# generated <name>.skel.h. Nothing is written outside the build tree. Overridable: BPF_CLANG, BPFTOOL.

find_program(BPF_CLANG NAMES clang clang-19 clang-16 clang-15 clang-14 REQUIRED DOC "clang with the bpf target")
find_program(BPFTOOL NAMES bpftool HINTS /usr/sbin /sbin REQUIRED DOC "bpftool")

execute_process(COMMAND ${BPF_CLANG} --version OUTPUT_VARIABLE bpf_clang_version)
string(REGEX MATCH "clang version ([0-9]+)" _ "${bpf_clang_version}")
if(CMAKE_MATCH_1 LESS 14)
    message(FATAL_ERROR "${BPF_CLANG} is clang ${CMAKE_MATCH_1}; BPF programs need clang 14 or later "
                        "(apt-get install clang, or -DBPF_CLANG=...)")
endif()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64")
    set(BPF_TARGET_ARCH x86)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    set(BPF_TARGET_ARCH arm64)
else()
    message(FATAL_ERROR "no BPF target architecture known for ${CMAKE_SYSTEM_PROCESSOR}")
endif()

function(add_bpf_skeleton target source)
    get_filename_component(name ${source} NAME_WE)
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/skeleton)
    set(object ${folder}/${name}.bpf.o)
    set(skeleton ${folder}/${name}.skel.h)
    file(MAKE_DIRECTORY ${folder})
    # <asm/types.h> is in the multiarch folder, which clang does not search for the bpf target.
    add_custom_command(
        OUTPUT ${object}
        COMMAND ${BPF_CLANG} -g -O2 -std=gnu11 -target bpf -mcpu=v3 -D__TARGET_ARCH_${BPF_TARGET_ARCH}
                -Wall -Wextra -Werror
                -Wno-unused-parameter # a program's parameters are the hook's, used or not
                -I${PROJECT_SOURCE_DIR}/include -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
                -MD -MF ${object}.d -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
        DEPENDS ${source}
        DEPFILE ${object}.d
        COMMENT "BPF ${source}"
        VERBATIM)
    add_custom_command(
        OUTPUT ${skeleton}
        COMMAND ${BPFTOOL} gen object ${folder}/${name}.linked.o ${object}
        COMMAND ${BPFTOOL} gen skeleton ${folder}/${name}.linked.o name ${name}_bpf > ${skeleton}
        DEPENDS ${object}
        COMMENT "skeleton ${name}"
        VERBATIM)
    add_custom_target(${target}_generate DEPENDS ${skeleton})
    add_library(${target} INTERFACE)
    add_dependencies(${target} ${target}_generate)
    target_include_directories(${target} SYSTEM INTERFACE ${folder})
endfunction()
