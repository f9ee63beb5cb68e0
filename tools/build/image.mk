# One image: platform, app, and the modules that the two depend on.

# The platform.
platform-variables := deps srcs srcs-cold srcs-nolto cflags
$(call read,platform,$(platform-dir)/platform.mk,$(platform-variables))
platform-closure := $(call closure,$(deps.platform))
$(call unit,platform,$(platform-dir),$(kernel-flags) $(call name-flag,$(platform-name)) $(cflags.platform) $(call include-path,$(platform-closure)))
$(call compile,platform,$(srcs.platform))
$(call compile,platform,$(srcs-cold.platform),$(cold))
$(call compile,platform,$(srcs-nolto.platform),$(nolto))

# The app. Its own options, if it has a Kconfig file, are <app/config.h>.
app-unit := apps/$(app-name)
$(call read,app,$(app-dir)/app.mk,deps srcs cflags floating-point)
app-closure := $(call closure,$(deps.app))
app-options := $(if $(wildcard $(app-dir)/Kconfig),-I$(B)/gen/$(app-name))
$(call unit,$(app-unit),$(app-dir),$(if $(floating-point.app),$(app-flags),$(kernel-flags)) $(call name-flag,$(app-name)) $(cflags.app) $(call include-path,$(app-closure)) $(app-options))
$(call compile,$(app-unit),$(srcs.app))

# An app that depends on axtest gets every module's suite, and the list of them.
suites := $(if $(filter axtest,$(app-closure)),$(foreach m,$(module-names),$(if $(target-tests.$m),$m)))
define suite-unit
$(call unit,$1/tests,modules/$1,$(kernel-flags) $(call name-flag,$1) $(call include-path,$(call closure,$1 axtest $(test-deps.$1))))
$(call compile,$1/tests,$(target-tests.$1))
endef
$(foreach m,$(suites),$(call suite-unit,$m))
ifneq ($(filter axtest,$(app-closure)),)
suite-list := $(B)/gen/suites/$(app-name)/test_suites.c
$(call stamp,$(suite-list),#include <axtest/test.h>$(newline)$(foreach m,$(suites),$(newline)extern const struct axtest_suite $m_suite;)$(newline)$(newline)const struct axtest_suite *const axtest_suites[] = {$(foreach m,$(suites),&$m_suite,)0};)
$(call unit,suites/$(app-name),$(dir $(suite-list)),$(kernel-flags) $(call include-path,$(call closure,axtest)))
$(call compile,suites/$(app-name),$(abspath $(suite-list)))
endif

# The link.
image-modules := $(call closure,$(app-closure) $(platform-closure) $(foreach m,$(suites),$m $(test-deps.$m)))
image-units := $(image-modules) platform $(app-unit) $(addsuffix /tests,$(suites)) $(if $(suite-list),suites/$(app-name))
image-objects := $(foreach u,$(image-units),$(call objects,$u))
image := $(B)/apps/$(app-name)/$(app-name)
linker-script := $(B)/image.ld
wraps := $(foreach m,$(image-modules),$(wraps.$m:%=-Wl,--wrap=%))
link-command = $(CC) $(image-link-flags) $(wraps) $(call seed,$(app-name)) -Wl,-T,$(linker-script),-Map,$(image).map -o $@ $(image-objects)
# The linker's own words for an image that passes the limit help nobody.
link-hint := $(if $(CONFIG_AXCPU_IMAGE_BELOW_1M),|| { echo 'axle: if relocations are truncated above$(,) the image has 1 MiB or more with its zeroed data: build it with FEATURES=large-image' >&2; exit 1; })
$(call stamp,$(image).link,$(CC) $(image-link-flags) $(wraps) $(image-objects))

$(linker-script): modules/axcpu/image.ld.S $(B)/obj/axcpu/flags
	$(call say,LDS,$@)
	$(Q)$(CC) $(filter-out -flto,$(flags.axcpu)) -D__LINKER__ -E -P -x assembler-with-cpp -MMD -MP -MT $@ -MF $@.d -o $@ $<
-include $(linker-script).d

$(image).elf: $(image-objects) $(linker-script) $(image).link
	$(call say,LD,$@)
	$(Q)$(link-command) $(link-hint)
$(image).bin: $(image).elf
	$(call say,BIN,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

# The device tree of a machine that comes without one: the platform's own, handed over by QEMU.
tree-blob := $(if $(device-tree),$(B)/$(platform-name).dtb)
ifneq ($(tree-blob),)
$(tree-blob): $(platform-dir)/$(device-tree)
	$(call say,DTC,$@)
	$(Q)dtc -q -I dts -O dtb -o $@ $<
endif

boot-arguments := $(strip $(if $(LOG),log=$(LOG)) $(ARGS))
quote = '$(subst ','\'',$1)'
initrd-option := $(if $(INITRD),--initrd $(call quote,$(INITRD)))

# `flat` is what other tools ask for; `image` makes all forms that this platform can boot.
.PHONY: build flat image run debug disasm size
build: $(image).bin $(tree-blob)
	@:
flat: $(image).bin $(tree-blob)
	@echo $<
image: $(image).bin $(tree-blob)
	$(if $(uboot),$(Q)tools/build/bootable --image $< --load $(load) --append=$(call quote,$(boot-arguments)) \
	    $(initrd-option) $(if $(filter uboot,$(BOOT)),--flat))
	@printf '%s\n' $< $(image).elf $(if $(uboot),$(image).itb $(image).disk)

$(call need,$(if $(DISK),$(disk),y),DISK= does nothing on PLATFORM=$(platform-name)$(,) whose platform.mk has no line `disk`: leave it out)
$(call need,$(if $(filter uboot%,$(BOOT)),$(uboot),y),BOOT=$(BOOT) does nothing on PLATFORM=$(platform-name)$(,) whose platform.mk has no line `uboot`: leave it out)
# A platform says which SMP its machine can have, if that is not for QEMU to say.
$(call need,$(or $(if $(cpus),,any),$(filter $(cpus),$(SMP))),SMP=$(SMP) is no number of CPUs of PLATFORM=$(platform-name). Valid: $(cpus))
runner = tools/run --qemu $(qemu) --machine-args $(call quote,$(qemu-args)) --image $(image).bin --elf $(image).elf \
    $(if $(filter uboot%,$(BOOT)),--boot $(BOOT) --uboot $(call quote,$(uboot)) --load $(load)) \
    $(initrd-option) \
    $(if $(DISK),--disk $(call quote,$(DISK)) --disk-args $(call quote,$(disk))) \
    --mem $(MEM) --smp $(SMP) --cpus-besides $(or $(cpus-besides),0) --append=$(call quote,$(boot-arguments)) --timeout $(TIMEOUT) $(if $(tree-blob),--dtb $(tree-blob))
run: $(image).bin $(tree-blob)
	$(Q)$(runner) $(if $(QEMU_ARGS),-- $(QEMU_ARGS))
debug: $(image).bin $(tree-blob)
	$(Q)tools/debug $(if $(GDB),--commands $(call quote,$(GDB))) $(image).elf $(runner) --gdb $(if $(QEMU_ARGS),-- $(QEMU_ARGS))

disasm: $(image).elf
	$(Q)$(OBJDUMP) -d -S $< > $(image).lst
	@echo $(image).lst
size: $(image).bin
	$(Q)/usr/bin/python3 tools/build/size.py --nm $(cross.$(ISA))nm $(image).elf $(image).bin
