# The configuration: which ISA, which build folder, and every CONFIG_ value.
#
# $(B)/.config is made by tools/build/kconf.py from the platform's defconfig and the flags, and
# lives on: menuconfig edits it. $(B)/auto.conf is the same for make; $(B)/gen/<module>/ for C.

$(call need,$(filter-out $(root),$(abspath $(O))),O=$(O) is the source tree itself)
Q := $(if $(filter 1,$(V)),,@)
# $(call say,<short name>,<what>): the line of a quiet build.
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$1' '$2')

# $(call stamp,<file>,<text>): a file that holds <text>, and is newer only when the text changed.
# No process is started while it has not.
stamp = $(if $(and $(wildcard $1),$(call same,$(strip $(file <$1)),$(strip $2))),,$(shell mkdir -p $(dir $1))$(file >$1,$2))
same = $(and $(findstring |$1|,|$2|),$(findstring |$2|,|$1|))

ifeq ($(platform-name),host)
isa := host
defconfig-file := configs/host_defconfig
else
include $(platform-dir)/platform.mk
defconfig-file := $(if $(call is-path,$(PLATFORM)),$(platform-dir)/defconfig,configs/$(platform-name)_defconfig)
$(call need,$(wildcard $(defconfig-file)),platform $(PLATFORM) has no $(defconfig-file))
endif
ISA := $(isa)
$(call need,$(filter riscv64 aarch64 host,$(ISA)),$(platform-dir)/platform.mk must say isa := riscv64 or aarch64)
MEM := $(or $(MEM),$(mem),128M)
SMP := $(or $(SMP),$(smp),1)

# Everything that makes other objects has its own folder: flags, then the compiler if not the usual.
cross.riscv64 := riscv64-linux-gnu-
cross.aarch64 := aarch64-linux-gnu-
ifneq ($(filter-out $(cross.$(ISA)),$(CROSS_COMPILE)),)
compiler-variant := cc-$(subst /,_,$(patsubst %-,%,$(CROSS_COMPILE)))
else
CROSS_COMPILE := $(cross.$(ISA))
endif
compiler-variant := $(if $(filter 1,$(LLVM)),clang) $(compiler-variant) $(if $(HOST_FUZZ),fuzz)
build-folder = $(O)/$(platform-name)/$(or $(subst $(space),+,$(strip $1 $(compiler-variant))),default)

# What Kconfig files refer to as $(NAME); a file that does not exist is simply not there.
export PLATFORM_NAME := $(platform-name)
export ISA
kconfig-file = $(or $(and $1,$(wildcard $1/Kconfig)),$(root)/absent)
export PLATFORM_KCONFIG := $(call kconfig-file,$(platform-dir))
export APP_KCONFIG := $(if $(A),$(call kconfig-file,$(app-dir)),$(root)/absent)
export ALLOC_KCONFIG := $(call kconfig-file,$(alloc-outside))
export PAGES_KCONFIG := $(call kconfig-file,$(pages-outside))
kconfig-files := $(wildcard Kconfig modules/*/Kconfig modules/*/*/*/Kconfig apps/*/Kconfig \
    $(PLATFORM_KCONFIG) $(APP_KCONFIG) $(ALLOC_KCONFIG) $(PAGES_KCONFIG))
# $(call kconf,<command>,<build folder>,<flags>)
kconf = $(Q)/usr/bin/python3 tools/build/kconf.py $1 --build $2 --defconfig $(defconfig-file) \
    $(if $(A),--app $(app-name)=$(APP_KCONFIG)) $(addprefix --flag ,$3)

# $(call configuration,<build folder>,<flags>): the rule that makes auto.conf for these flags.
define configuration
$(call stamp,$1/inputs,$(defconfig-file) $(kconfig-files) $(PLATFORM_NAME) flags: $2)
$1/auto.conf: $(wildcard $1/.config) $(if $(wildcard $1/.config),,force) $1/inputs tools/build/kconf.py \
    $(defconfig-file) $(kconfig-files) $(wildcard $(2:%=configs/features/%.config))
	$$(call kconf,sync,$1,$2)
endef
.PHONY: force
force:

B := $(call build-folder,$(flags))
$(eval $(call configuration,$(B),$(flags)))
-include $(B)/auto.conf

# LOG= above the level that is compiled in needs a configuration of its own.
compiled-in := $(wordlist 1,$(or $(CONFIG_AXLOG_MAX),5),$(log-levels))
ifneq ($(filter-out $(compiled-in),$(LOG)),)
flags := $(sort $(flags) log-$(LOG))
B := $(call build-folder,$(flags))
$(eval $(call configuration,$(B),$(flags)))
-include $(B)/auto.conf
endif
configured := $(wildcard $(B)/auto.conf)

# The folders of the two allocators.
ALLOC_DIR := $(or $(alloc-outside),$(root)/modules/axalloc/bytes/$(CONFIG_AXALLOC_BYTES_NAME))
PAGES_DIR := $(or $(pages-outside),$(root)/modules/axalloc/pages/$(CONFIG_AXALLOC_PAGES_NAME))

.PHONY: menuconfig defconfig savedefconfig
menuconfig: $(B)/auto.conf
	$(Q)KCONFIG_CONFIG=$(B)/.config MENUCONFIG_STYLE=default /usr/bin/python3 -m menuconfig
	$(call kconf,sync,$(B),$(flags))
defconfig:
	$(call kconf,reset,$(B),$(flags))
savedefconfig: $(B)/auto.conf
	$(call kconf,save,$(B),$(flags))
