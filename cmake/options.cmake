# SPDX-License-Identifier: MIT
# Compiler options that every target shares, and the two helpers that define targets.

# Assertions are off in Release alone: the sanitizer builds are where they should fire.
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELWITHDEBINFO "${CMAKE_C_FLAGS_RELWITHDEBINFO}")

# Warnings, sanitizers and floating-point rules. No -ffast-math: it deletes the NaN guard.
add_library(bl-options INTERFACE)
target_compile_options(bl-options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wdouble-promotion -Wstrict-prototypes
    -Wmissing-prototypes -Wvla -Wundef -Wcast-qual -Wformat=2
    -fno-math-errno -fno-trapping-math -ffp-contract=off
    $<$<BOOL:${BL_WERROR}>:-Werror>)
target_compile_definitions(bl-options INTERFACE _POSIX_C_SOURCE=200809L _DEFAULT_SOURCE)
# What is found ends the program. Where variables live is not tracked: that takes longer than
# compiling the kernels.
if(BL_SANITIZE)
    target_compile_options(bl-options INTERFACE -fsanitize=${BL_SANITIZE} -fno-omit-frame-pointer -g
        -fno-sanitize-recover=all $<$<C_COMPILER_ID:GNU>:-fno-var-tracking>)
    target_link_options(bl-options INTERFACE -fsanitize=${BL_SANITIZE})
endif()

# Calls that do not fit BL_NONBLOCKING, where the compiler can tell.
include(CheckCCompilerFlag)
check_c_compiler_flag(-Werror=function-effects BL_HAS_FUNCTION_EFFECTS)
if(BL_HAS_FUNCTION_EFFECTS)
    target_compile_options(bl-options INTERFACE -Werror=function-effects)
endif()

# Newer compilers warn of integer constants, which are enumerations here, in sums with doubles.
check_c_compiler_flag(-Wenum-float-conversion BL_HAS_ENUM_FLOAT_CONVERSION)
if(BL_HAS_ENUM_FLOAT_CONVERSION)
    target_compile_options(bl-options INTERFACE -Wno-enum-float-conversion)
endif()

get_filename_component(BL_ROOT ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)

# bl_objects(NAME folder-private includes...): an object library of every .c in the current folder.
function(bl_objects name)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
    add_library(${name} OBJECT ${sources})
    target_include_directories(${name} PUBLIC ${BL_ROOT}/engine/include)
    target_include_directories(${name} PRIVATE ${BL_ROOT}/engine)
    target_link_libraries(${name} PUBLIC bl-options)
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()
