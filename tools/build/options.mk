# The variables of the command line: their defaults, their valid values, and the error for others.

PLATFORM ?= riscv64-qemu-virt
APP ?= memtest
O ?= build
V ?= 0
LLVM ?= 0
BOOT ?= sbi
TIMEOUT ?= 120
FUZZ_RUNS ?= 200000
OPS ?= 100000000

variables := PLATFORM APP A ALLOC PAGES FEATURES SMP MEM LOG ARGS BOOT INITRD DISK QEMU_ARGS TIMEOUT \
             V O LLVM CROSS_COMPILE FUZZ_RUNS HOST_FUZZ HOST_MODULES HOST_TESTS HOST_LIMIT OPS BENCH TRACE RUN GDB
log-levels := error warn info debug trace
boots := sbi uboot uboot-fit

empty :=
space := $(empty) $(empty)
, := ,
define newline


endef
root := $(CURDIR)

# $(call names,<pattern with one %>): what the % stands for, for each file that exists.
names = $(foreach f,$(wildcard $(subst %,*,$1)),$(patsubst $1,%,$f))
platforms := $(call names,platforms/%/platform.mk)
apps := $(call names,apps/%/app.mk)
features := $(call names,configs/features/%.config)
byte-allocators := $(call names,modules/axalloc/bytes/%/Kconfig)
page-allocators := $(call names,modules/axalloc/pages/%/Kconfig)

# $(call need,<fact, empty if untrue>,<message>): stop with one line.
need = $(if $1,,$(error $2))
is-path = $(findstring /,$1)
# $(call without,<characters>,<text>): what is left of the text.
without = $(if $1,$(call without,$(wordlist 2,99,$1),$(subst $(firstword $1),,$2)),$2)
is-number = $(if $1,$(if $(call without,0 1 2 3 4 5 6 7 8 9,$1),,yes))

$(call need,$(if $(word 2,$(root)),,y),this tree is in a folder with a space in its path$(,) which make cannot handle)

# A misspelt variable would otherwise be ignored.
given := $(foreach v,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $v))),$v))
unknown := $(filter-out $(variables) -*-command-variables-*- MAKEFLAGS AXLE_%,$(given))
$(call need,$(if $(unknown),,y),unknown variable $(unknown). Valid: $(variables))
$(foreach v,V LLVM,$(call need,$(filter 0 1,$($v)),$v=$($v) is neither 0 nor 1))
$(foreach v,$(if $(SMP),SMP) TIMEOUT FUZZ_RUNS OPS,$(call need,$(call is-number,$($v)),$v=$($v) is not a number))
ifneq ($(MEM),)
mem-number := $(foreach unit,K M G,$(patsubst %$(unit),%,$(filter %$(unit),$(MEM))))
$(call need,$(call is-number,$(strip $(mem-number))),MEM=$(MEM) is not a size. Valid: a number and K M or G$(,) as in 128M)
endif
ifneq ($(LOG),)
$(call need,$(filter $(log-levels),$(LOG)),unknown log level LOG=$(LOG). Valid: $(log-levels))
endif

$(call need,$(filter $(boots),$(BOOT)),unknown way to boot BOOT=$(BOOT). Valid: $(boots))

$(call need,$(if $(word 2,$(O)),,y),O=$(O) has a space in it: give a folder without)

# The folder of the platform; `host` is this machine, for host tests.
ifeq ($(PLATFORM),host)
platform-name := host
platform-dir :=
else
platform-dir := $(patsubst %/,%,$(if $(call is-path,$(PLATFORM)),$(PLATFORM),platforms/$(PLATFORM)))
platform-name := $(notdir $(platform-dir))
$(call need,$(or $(wildcard $(platform-dir)/platform.mk),$(if $(goals-with-config),,y)),unknown platform PLATFORM=$(PLATFORM)\
    (no $(platform-dir)/platform.mk). Valid: $(platforms)$(,) or the path of a platform's folder)
endif

# The folder of the app.
app-dir := $(patsubst %/,%,$(or $(A),apps/$(APP)))
app-name := $(notdir $(app-dir))
ifneq ($(and $(platform-dir),$(goals-with-config)),)
$(call need,$(wildcard $(app-dir)/app.mk),unknown app $(if $(A),A=$(A),APP=$(APP))\
    (no $(app-dir)/app.mk). Valid: APP= $(apps)$(,) or A= the path of an app's folder)
endif

# The page allocator that the app brings along: the folder that its app.mk names as `pages`.
app-pages := $(if $(wildcard $(app-dir)/app.mk),$(patsubst pages:=%,%,$(filter pages:=%,\
    $(subst $(space):=$(space),:=,$(file <$(app-dir)/app.mk)))))
ifneq ($(app-pages),)
PAGES ?= $(app-dir)/$(app-pages)
endif

# The folder of an allocator that is outside the tree; empty for one inside.
# $(call allocator,<variable>,<names inside>)
allocator = $(if $($1),$(if $(call is-path,$($1)),$(call allocator-outside,$1,$(patsubst %/,%,$($1))),\
    $(call need,$(filter $2,$($1)),unknown allocator $1=$($1). Valid: $2$(,) or the path of an allocator's folder)))
allocator-outside = $(call need,$(wildcard $2/Kconfig),$1=$($1) holds no Kconfig)$(abspath $2)
alloc-outside := $(strip $(call allocator,ALLOC,$(byte-allocators)))
pages-outside := $(strip $(call allocator,PAGES,$(page-allocators)))

# The flags: FEATURES, and those that ALLOC, PAGES stand for.
valid-flags := $(sort $(features) $(byte-allocators:%=alloc-%) $(page-allocators:%=pages-%))
outside-flags := $(addprefix alloc-,$(notdir $(alloc-outside))) $(addprefix pages-,$(notdir $(pages-outside)))
flags := $(sort $(FEATURES) $(if $(ALLOC),alloc-$(notdir $(ALLOC:/=))) $(if $(PAGES),pages-$(notdir $(PAGES:/=))))
unknown := $(filter-out $(valid-flags) $(outside-flags),$(flags))
$(call need,$(if $(unknown),,y),unknown flag $(unknown) in FEATURES. Valid: $(valid-flags))

