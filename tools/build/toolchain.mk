# The compiler and its flags. gcc is the usual one; LLVM=1 takes clang and lld.
#
# Every object: C11 without extensions, no header but the closure's and the compiler's own, every
# warning an error. Frame pointers stay for backtraces, each function has its section so that the
# link drops what nobody calls, and paths in the image do not depend on where the tree stands.

triple.riscv64 := riscv64-linux-gnu
triple.aarch64 := aarch64-linux-gnu

ifeq ($(LLVM),1)
clang-target := $(if $(triple.$(ISA)),--target=$(triple.$(ISA)))
CC := clang
AR := llvm-ar
NM := llvm-nm
OBJCOPY := llvm-objcopy
OBJDUMP := llvm-objdump
compiler-include := $(shell $(CC) -print-resource-dir)/include
else
CC := $(CROSS_COMPILE)gcc
AR := $(CROSS_COMPILE)ar
NM := $(CROSS_COMPILE)nm
OBJCOPY := $(CROSS_COMPILE)objcopy
OBJDUMP := $(CROSS_COMPILE)objdump
compiler-include := $(shell $(CC) -print-file-name=include)
endif
$(call need,$(wildcard $(compiler-include)/stddef.h),the compiler $(CC) is not there or lacks its headers)

warnings := -Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wpointer-arith -Wcast-align \
    -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wimplicit-fallthrough $(if $(filter host,$(ISA)),,-Wframe-larger-than=2048) \
    $(if $(filter 1,$(LLVM)),-Wthread-safety -Wno-unused-command-line-argument)
language := -std=c11 -pedantic-errors
freestanding := -ffreestanding -nostdinc -isystem $(compiler-include)
debugging := -g -fno-omit-frame-pointer -ffile-prefix-map=$(root)=.
# The heap's guard reports by return address who called: a last call must not be a jump.
debugging += $(if $(CONFIG_AXALLOC_GUARD),-fno-optimize-sibling-calls)
safety := -fno-strict-aliasing -fno-common $(if $(CONFIG_AXALLOC_PAGES_PORT),-fno-stack-protector,-fstack-protector-strong)
sections := -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables

isa-flags.riscv64 := -march=rv64gc -mabi=lp64d -mcmodel=medany
isa-flags.aarch64 := -mno-outline-atomics $(if $(CONFIG_AXCPU_IMAGE_BELOW_1M),-mcmodel=tiny) $(if $(CONFIG_DEBUG),-mno-omit-leaf-frame-pointer)
# The kernel leaves the floating-point registers alone, since traps do not save them; gcc would copy
# plain structs by them. An app whose app.mk says `floating-point := y` has them.
kernel-flags.aarch64 := -mgeneral-regs-only

# Small code. gcc copies the ends of functions to where they are short, keeps constants of loops in
# registers that then have to be saved, and lays out blocks by what it guesses to be likely, all for
# speed; an image without them is some 300 bytes smaller.
small := -Os $(if $(filter 1,$(LLVM)),,-fno-shrink-wrap -fno-move-loop-invariants -fno-guess-branch-probability)

ifeq ($(ISA),host)
sanitizers := $(if $(CONFIG_DEBUG),-fsanitize=address$(,)undefined -fno-sanitize-recover=all)
sanitizers += $(if $(CONFIG_TSAN),-fsanitize=thread)
# Unoptimised code calls what `if (CONFIG_X)` keeps it from reaching, and the build has not; and gcc
# warns of temporaries there that a longjmp might change.
unoptimised := -Wl$(,)--unresolved-symbols=ignore-all -no-pie -Wno-clobbered
sanitizers += $(if $(CONFIG_COVERAGE),--coverage -fprofile-update=atomic $(unoptimised))
optimise := $(if $(CONFIG_DEBUG),-O1,$(if $(CONFIG_COVERAGE),-O0,-O2 -DNDEBUG))
frames := $(if $(CONFIG_DEBUG),,-fomit-frame-pointer)
isa-flags := $(sanitizers) $(if $(HOST_FUZZ),-fsanitize=fuzzer-no-link)
# A library that is there before the C library has started: no canary yet, storage of threads in place.
library-flags := -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-builtin
library-flags += $(if $(filter 1,$(LLVM)),,-flto)
isa-flags += $(if $(CONFIG_AXALLOC_PAGES_PORT),$(library-flags))
else
optimise := $(if $(CONFIG_DEBUG),-Og,$(if $(CONFIG_SMALL),$(small),-O2))
lto := $(if $(CONFIG_LTO),-flto)
isa-flags := $(clang-target) $(isa-flags.$(ISA)) -fno-pic -fno-pie
ifeq ($(LLVM)$(ISA),1riscv64)
isa-flags += -mno-relax
endif
endif

# For srcs-nolto, among them the functions that the compiler calls by itself: their loops must not
# become calls of themselves.
nolto := $(if $(lto),-fno-lto) -fno-builtin $(if $(filter 1,$(LLVM)),,-fno-tree-loop-distribute-patterns)

# For srcs-cold: boot, probing, printing and the report of faults are made small; what an app calls
# again and again is made quick.
cold := $(if $(CONFIG_DEBUG)$(filter host,$(ISA)),,$(small))

base-flags := $(isa-flags) $(optimise) $(language) $(warnings) $(debugging) $(frames) $(safety) $(sections)
# What modules, platforms and apps compile with, and an app that has floating point.
kernel-flags := $(base-flags) $(lto) $(freestanding) $(kernel-flags.$(ISA))
app-flags := $(base-flags) $(lto) $(freestanding)
# Test programs on this machine see the C library; modules under test do not.
hosted-flags := $(base-flags) -D_GNU_SOURCE

# The image. gcc optimises it in one piece, since it is small. lld 14 must be told the ABI of the code
# that link-time optimisation generates; it does not take it from the objects.
lto-abi.riscv64 := -Wl,-mllvm,-target-abi=lp64d $(foreach x,m a f d c,-Wl,-mllvm,-mattr=+$x)
ifeq ($(LLVM),1)
linker := -fuse-ld=lld $(if $(lto),$(lto-abi.$(ISA)))
else
linker := -no-pie $(if $(lto),-flto-partition=one)
endif
image-link-flags := $(isa-flags) $(optimise) $(lto) $(linker) $(debugging) -nostdlib -static \
    -Wl,--gc-sections,-z,max-page-size=4096,-z,noexecstack,--build-id=none,--fatal-warnings
